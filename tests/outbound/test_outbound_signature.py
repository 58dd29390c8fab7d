"""Messages are signed as Standard Webhooks says, so that any of its libraries can verify them."""

import time

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from orchestrator.outbound.signature import headers

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
BODY = b'{"test": 2432232314}'


def test_the_signature_is_that_of_the_published_example() -> None:
    signed = headers("msg_p5jXN8AQM9LWM0D4loKWxJek", BODY, secrets=[SECRET], now=1614265330.9)
    assert signed == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.parametrize("known", [SECRET, OTHER])
def test_a_receiver_has_to_know_one_of_two_secrets(known: str) -> None:
    signed = headers("msg_1", BODY, secrets=[SECRET, OTHER], now=time.time())
    assert Webhook(known).verify(BODY, signed) == {"test": 2432232314}


def test_another_body_is_not_signed() -> None:
    signed = headers("msg_1", BODY, secrets=[SECRET], now=time.time())
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(BODY.replace(b"4", b"5"), signed)
