"""The admin page: who may see it, what it shows, and that nothing in it is taken for HTML."""

from datetime import UTC, datetime

import pytest
from office import HOSTILE, Office
from samples import PLAN
from twins import SHELF, model

from orchestrator.models import (
    Asset,
    AssetKind,
    Finding,
    InstanceStatus,
    Job,
    Lora,
    Prompt,
    Request,
    Status,
    Texts,
    Verdict,
)

SAFE = Verdict(
    safe=True, ruleset="default", ruleset_digest="r", reviewers=("twin@1",), at=datetime.now(UTC)
)
BLOCKED = SAFE.evolve(
    safe=False, findings=(Finding(rule="w1", category="Weapons", reviewer="text"),)
)
PICTURE = Asset(kind=AssetKind.SIGNED, key="assets/aa/one.png", content_type="image/png")


def new_job(office: Office, prompt: str = "red coat", **changes: object) -> Job:
    job_id = f"00000000-0000-4000-8000-{len(office.world.diary):012}"
    office.world.diary.append("job")
    plan = PLAN.evolve(
        prompt=Prompt(positive=prompt),
        raw=prompt,
        texts=Texts(positive=prompt, negative=""),
        model="learned",
        model_label="Learned",
        checkpoint="learned.safetensors",
    )
    fields = {
        "id": job_id,
        "key_id": "k",
        "dialect": "v2",
        "request": Request(prompt=prompt, seed=1),
        "created": datetime.now(UTC),
        "plan": plan,
    }
    return Job(**fields | changes)


async def done(office: Office, verdict: Verdict | None, **changes: object) -> Job:
    """A job that has come to its end."""
    job = new_job(office, status=Status.COMPLETED, finished=datetime.now(UTC), **changes)
    await office.ledger.accept(job.evolve(verdict=verdict))
    return job


async def test_without_a_session_the_page_leads_to_the_login(office: Office) -> None:
    answer = await office.client.get("/admin", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/admin/login")


async def test_without_a_session_nothing_is_told(office: Office) -> None:
    assert (await office.client.get("/admin/state")).status == 401


@pytest.mark.parametrize("rights", [{}, {"artist": True}])
async def test_only_the_key_of_an_admin_opens_a_session(
    office: Office, rights: dict[str, bool]
) -> None:
    assert await office.sign_in(**rights) == 401


async def test_an_artist_who_has_a_session_is_told_why_the_page_stays_shut(
    operator: Office,
) -> None:
    [key] = await operator.keys.list()
    await operator.keys._change(
        "UPDATE keys SET admin = false WHERE name = :name RETURNING id", name=key.name
    )
    answer = await operator.client.get("/admin")
    assert answer.status == 403
    assert "This key is not an admin" in await answer.text()
    assert (await operator.client.get("/admin/state")).status == 403


async def test_the_page_is_whole_without_a_script(operator: Office) -> None:
    text = await (await operator.client.get("/admin")).text()
    for heading in ("Not served, and why", "ComfyUI instances", "Queue", "Jobs of late", "Keys"):
        assert heading in text


async def test_the_page_is_kept_nowhere_and_runs_only_our_files(operator: Office) -> None:
    answer = await operator.client.get("/admin")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'; script-src 'self'" in policy
    assert "unsafe" not in policy
    assert answer.headers["Cache-Control"] == "no-store"
    text = await answer.text()
    assert "<style" not in text
    assert " style=" not in text
    assert "http://" not in text.replace("http://www.w3.org", "")


async def test_every_file_of_the_page_is_served(operator: Office) -> None:
    text = await (await operator.client.get("/admin")).text()
    for name in ("imgen.css", "admin.js", "icon.svg"):
        [url] = {part.split('"')[0] for part in text.split('"') if f"/static/{name}" in part}
        assert (await operator.client.get(url)).status == 200


async def test_a_file_that_is_not_ours_is_not_served(office: Office) -> None:
    for name in ("admin.html", "..", "%2e%2e%2f__init__.py"):
        assert (await office.client.get(f"/static/{name}")).status == 404


async def test_what_is_refused_is_listed_with_the_reason(operator: Office) -> None:
    operator.world.shelf_now = SHELF.evolve(
        withheld={"checkpoints/half.safetensors": "is cut short"},
        faults=("models/mine.yaml: line 3: steps: must be a number",),
    )
    operator.world.missing_nodes["sampled"] = "needs the node Upscale"
    text = await operator.part("refused")
    for told in (
        "half.safetensors is cut short",
        "line 3: steps",
        "learned needs the node Upscale",
    ):
        assert told in text


async def test_instances_are_shown_with_what_they_do(operator: Office) -> None:
    operator.instances.append(
        InstanceStatus(
            name="gpu 1",
            url="http://a",
            usable=False,
            state="recycled, after 20 runs",
            version="0.3.1",
            checkpoint="one.safetensors",
            jobs=("1234567890",),
            runs=20,
        )
    )
    text = await operator.part("instances")
    for told in ("gpu 1", "recycled, after 20 runs", "one.safetensors", "12345678", "0.3.1"):
        assert told in text


async def test_the_queue_is_shown_by_model(operator: Office) -> None:
    operator.world.shelf_now = SHELF.evolve(
        models={"learned": model("learned", "sampled", checkpoint="learned.safetensors")}
    )
    await operator.ledger.accept(new_job(operator))
    assert "learned learned.safetensors 1 0" in await operator.part("queue")


async def test_a_blocked_job_is_shown_with_the_rule_and_without_a_picture(
    operator: Office,
) -> None:
    job = await done(operator, BLOCKED, assets=(PICTURE,))
    jobs, verdicts = await operator.part("jobs"), await operator.part("verdicts")
    assert "blocked Weapons (w1)" in jobs
    assert "picture" not in jobs
    assert "1 blocked Weapons: 1" in verdicts
    answer = await operator.client.get(f"/admin/jobs/{job.id.hex}/picture")
    assert answer.status == 404


async def test_a_safe_picture_is_led_to(operator: Office) -> None:
    job = await done(operator, SAFE, assets=(PICTURE,))
    assert "picture" in await operator.part("jobs")
    answer = await operator.client.get(f"/admin/jobs/{job.id.hex}/picture", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, PICTURE.key)


async def test_what_hits_the_floor_is_not_repeated(operator: Office) -> None:
    await done(operator, BLOCKED.evolve(floor=True), prompt="words of the prompt")
    assert "words of the prompt" not in await operator.part("jobs")


async def test_why_a_job_failed_is_shown(operator: Office) -> None:
    job = new_job(operator, status=Status.FAILED, finished=datetime.now(UTC), error="no such node")
    await operator.ledger.accept(job)
    assert "no such node" in await operator.part("jobs")


async def test_keys_are_shown_without_their_secrets(operator: Office) -> None:
    await operator.keys.create("alice")
    text = await (await operator.client.get("/admin")).text()
    assert "alice" in text
    assert "60 a minute, 2 at once" in text
    assert not [key for key in await operator.keys.list() if key.sha256 in text]


@pytest.mark.parametrize(
    ("eyes", "told"), [(True, "A reviewer"), (False, "only the demo painter is served")]
)
async def test_it_says_who_looks_at_pictures(operator: Office, eyes: bool, told: str) -> None:
    operator.world.eyes = eyes
    assert told in await operator.part("summary")


async def test_html_in_a_value_is_shown_as_text(operator: Office) -> None:
    operator.world.shelf_now = SHELF.evolve(
        models={"x": model("x", label=HOSTILE)},
        loras={"x": Lora(file=f"{HOSTILE}.safetensors", label="x", family=HOSTILE)},
        withheld={HOSTILE: HOSTILE},
        faults=(HOSTILE,),
        duplicates=((HOSTILE, "other"),),
    )
    operator.instances.append(
        InstanceStatus(name=HOSTILE, url="", usable=True, state=HOSTILE, jobs=(HOSTILE,))
    )
    await done(operator, BLOCKED.evolve(ruleset=HOSTILE), prompt=HOSTILE)
    page = await (await operator.client.get("/admin", params={"q": '"><b>'})).text()
    state = await (await operator.client.get("/admin/state")).json()
    assert "<b>" not in page
    assert HOSTILE not in page + "".join(state["parts"].values())
    assert HOSTILE in await operator.part("refused")
    assert HOSTILE in await operator.part("jobs")


async def test_a_long_list_is_cut_short_and_can_be_searched(operator: Office) -> None:
    loras = [Lora(file=f"{n:04}.safetensors", label="", family="sdxl") for n in range(5000)]
    operator.world.shelf_now = SHELF.evolve(loras={lora.file: lora for lora in loras})
    text = await operator.part("offer")
    assert "50 of 5,000 are shown" in text
    assert "4711.safetensors" not in text
    assert "4711.safetensors" in await operator.part("offer", query="4711 SDXL")


async def test_a_key_is_switched(operator: Office) -> None:
    await operator.keys.create("alice")
    for action, enabled in (("disable", False), ("enable", True)):
        assert await operator.switch("alice", action) == 303
        assert [k.enabled for k in await operator.keys.list() if k.name == "alice"] == [enabled]


async def test_nobody_shuts_themselves_out(operator: Office) -> None:
    [own] = await operator.keys.list()
    await operator.keys.create("alice")
    assert await operator.switch(own.name, "disable") == 400
    assert (await operator.client.get("/admin/state")).status == 200


async def test_a_write_without_the_token_of_the_session_is_refused(operator: Office) -> None:
    await operator.keys.create("alice")
    assert await operator.switch("alice", "disable", token="0" * 64) == 403
    assert all(key.enabled for key in await operator.keys.list())


async def test_a_write_of_another_site_is_refused(operator: Office) -> None:
    answer = await operator.client.post("/admin/keys", headers={"Origin": "https://evil.example"})
    assert answer.status == 403


async def test_who_logs_out_is_out(operator: Office) -> None:
    await operator.client.post("/admin/logout", headers=operator.origin)
    assert (await operator.client.get("/admin/state")).status == 401


FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"key=" + b"x" * 5000, FORM, 413),
        (b"&".join(b"f%d=1" % n for n in range(20)), FORM, 400),
        (b"key=\xff\x00", f"{FORM}; charset=nonsense", 401),
        (b"", FORM, 401),
        (b"--x\r\nbad", "multipart/form-data; boundary=y", 415),
        (b'{"key": "x"}', "application/json", 415),
    ],
)
async def test_what_is_no_form_is_refused(
    office: Office, body: bytes, kind: str, status: int
) -> None:
    headers = {**office.origin, "Content-Type": kind}
    answer = await office.client.post("/admin/login", data=body, headers=headers)
    assert answer.status == status
