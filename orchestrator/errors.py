"""Everything that can go wrong, as one tree.

ImgenError                        500
├── Rejected                      400  the caller's mistake
│   ├── InvalidJson
│   ├── MissingAction
│   ├── UnknownAction
│   ├── PromptRequired
│   ├── InvalidCharacter
│   ├── BadId
│   ├── InvalidBrand
│   ├── Blocked                        by the rules; says the categories
│   ├── InvalidField                   names the field, and why if that helps
│   ├── Unauthorized              401
│   │   ├── InvalidKey
│   │   └── KeyDisabled
│   ├── Forbidden                 403
│   ├── NotFound                  404
│   │   ├── JobNotFound
│   │   ├── CacheMiss
│   │   └── CacheExpired
│   ├── MethodNotAllowed          405
│   ├── TooSlow                   408
│   ├── Conflict                  409
│   │   ├── IdempotencyConflict
│   │   └── RequestUnderWay            says when to come back
│   ├── PreconditionFailed        412
│   ├── BodyTooLarge              413
│   ├── UnsupportedMedia          415
│   └── RateLimited               429  says when to come back
├── UpstreamFailed                502  somebody we depend on
│   ├── GenerationFailed
│   └── EnhancementFailed
├── Unavailable                   503  says when to come back
│   ├── QueueFull
│   ├── StorageFull
│   └── StorageUnavailable             a job waits for it
├── RunError                           one execution of a graph
│   ├── RunFailed                      the graph itself failed: node and reason
│   │   ├── OutOfMemory                also after memory was freed: not tried again
│   │   └── WeightsGone                files that it needs were taken away: not tried again
│   ├── RunLost                        the instance no longer knows the run
│   └── RunTimedOut
├── StepFailed                         a step after the run; tried again, then FAILED
│   ├── ReviewFailed
│   ├── SigningFailed
│   └── StorageFailed
├── DeliveryFailed                     a receiver did not take a webhook; tried again
│   └── Undeliverable                  and never will be
├── Fenced                             the job is no longer ours to write
├── InstanceUnusable                   ComfyUI can't be started or does not fit
└── ConfigurationError                 a file or setting is wrong: says which and where
    ├── CardFault                      file, line, field
    └── TemplateFault                  template, node title, input

The docstring of a class is its message to the caller unless another is given. Whose fault it was
is decided by the class alone. Handlers raise; one middleware answers.
"""

from typing import ClassVar


class ImgenError(Exception):
    """Internal error"""

    status: ClassVar[int] = 500  # HTTP

    def __init__(self, message: str | None = None, *, detail: str = "") -> None:
        self.message = message or type(self).__doc__ or ""  # for the caller
        self.detail = detail  # for the log
        super().__init__(f"{self.message} ({detail})" if detail else self.message)

    @property
    def reason(self) -> str:
        """Why a job failed, for the caller: nothing that ComfyUI said, and no place of the host."""
        return type(self).__doc__ or ""


class Rejected(ImgenError):
    """Bad request"""

    status = 400


class InvalidJson(Rejected):
    """Invalid JSON"""


class MissingAction(Rejected):
    """Missing action"""


class UnknownAction(Rejected):
    """Unknown action"""


class PromptRequired(Rejected):
    """Prompt is required"""


class InvalidCharacter(Rejected):
    """Invalid character"""


class BadId(Rejected):
    """Bad ID"""


class InvalidBrand(Rejected):
    """Invalid watermark image"""


class Blocked(Rejected):
    """Content blocked"""


class InvalidField(Rejected):
    """Invalid field"""

    def __init__(self, field: str, *, reason: str = "") -> None:
        """`reason` is for the caller, too."""
        self.field = field
        super().__init__(f"Invalid field: {field}" + (f": {reason}" if reason else ""))


class Unauthorized(Rejected):
    """Unauthorized"""

    status = 401


class InvalidKey(Unauthorized):
    """Invalid API key"""


class KeyDisabled(Unauthorized):
    """API key is disabled"""


class Forbidden(Rejected):
    """Forbidden"""

    status = 403


class NotFound(Rejected):
    """Not found"""

    status = 404


class JobNotFound(NotFound):
    """Job not found"""


class CacheMiss(NotFound):
    """No cached result found"""


class CacheExpired(NotFound):
    """Cached result not found or expired"""


class MethodNotAllowed(Rejected):
    """Method not allowed"""

    status = 405


class Conflict(Rejected):
    """Conflict"""

    status = 409


class IdempotencyConflict(Conflict):
    """Idempotency key was used for another request"""


class RequestUnderWay(Conflict):
    """A request with this idempotency key is under way"""

    retry_after: ClassVar[float] = 1.0  # seconds


class TooSlow(Rejected):
    """Request took too long"""

    status = 408


class PreconditionFailed(Rejected):
    """Precondition failed"""

    status = 412


class BodyTooLarge(Rejected):
    """Body too large"""

    status = 413


class UnsupportedMedia(Rejected):
    """Unsupported media type"""

    status = 415


class RateLimited(Rejected):
    """Rate limit exceeded"""

    status = 429

    def __init__(self, retry_after: float) -> None:
        self.retry_after = retry_after  # seconds
        super().__init__()


class UpstreamFailed(ImgenError):
    """Upstream failed"""

    status = 502


class GenerationFailed(UpstreamFailed):
    """Generation failed"""


class EnhancementFailed(UpstreamFailed):
    """Enhancement failed"""


class Unavailable(ImgenError):
    """Service unavailable"""

    status = 503

    def __init__(
        self, message: str | None = None, *, retry_after: float = 10.0, detail: str = ""
    ) -> None:
        self.retry_after = retry_after  # seconds
        super().__init__(message, detail=detail)


class QueueFull(Unavailable):
    """Queue is full"""


class StorageFull(Unavailable):
    """Storage is full"""


class StorageUnavailable(Unavailable):
    """Storage is unavailable"""


class RunError(ImgenError):
    """Generation failed"""


class RunFailed(RunError):
    """The workflow failed"""


class OutOfMemory(RunFailed):
    """The device has too little memory"""


class WeightsGone(RunFailed):
    """Weights that the picture needs are gone"""

    def __init__(self, *files: str) -> None:
        """`files` are below the models folder."""
        super().__init__(detail=", ".join(files))

    @property
    def reason(self) -> str:
        return str(self)


class RunLost(RunError):
    """The instance no longer knows the run"""


class RunTimedOut(RunError):
    """The run took longer than its time limit"""


class StepFailed(ImgenError):
    """A step after the run failed"""


class ReviewFailed(StepFailed):
    """The picture could not be reviewed"""


class SigningFailed(StepFailed):
    """The picture could not be signed"""


class StorageFailed(StepFailed):
    """The picture could not be stored"""


class DeliveryFailed(ImgenError):
    """The webhook was not received"""


class Undeliverable(DeliveryFailed):
    """The receiver wants no more webhooks"""


class Fenced(ImgenError):
    """The job is no longer ours to write"""


class InstanceUnusable(ImgenError):
    """The ComfyUI instance can't be used"""


class ConfigurationError(ImgenError):
    """The configuration is wrong"""


class CardFault(ConfigurationError):
    """A card is wrong"""


class TemplateFault(ConfigurationError):
    """A workflow template is wrong"""
