"""What ComfyUI holds against a graph is said by node title, input and reason."""

import pytest

from orchestrator.comfy.events import NodeFailed
from orchestrator.comfy.faults import explain_failure, explain_refusal

GRAPH = {
    "3": {"class_type": "KSampler", "inputs": {}, "_meta": {"title": "Sample"}},
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {}},
}
NOT_IN_LIST = {
    "type": "value_not_in_list",
    "message": "Value not in list",
    "details": "ckpt_name: 'snow.safetensors' not in []",
    "extra_info": {"input_name": "ckpt_name"},
}
MISSING = {
    "type": "required_input_missing",
    "message": "Required input is missing",
    "details": "model",
    "extra_info": {"input_name": "model"},
}
OUTPUTS_FAILED = {"type": "prompt_outputs_failed_validation", "message": "…", "details": "…"}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            {"error": OUTPUTS_FAILED, "node_errors": {"4": {"errors": [NOT_IN_LIST]}}},
            '"CheckpointLoaderSimple", input ckpt_name: Value not in list '
            "(ckpt_name: 'snow.safetensors' not in [])",
        ),
        (
            {"node_errors": {"3": {"errors": [MISSING, MISSING | {"extra_info": {}}]}}},
            '"Sample", input model: Required input is missing; '
            '"Sample": Required input is missing (model)',
        ),
        (
            {
                "error": {
                    "type": "invalid_prompt",
                    "message": "Node 'Sample' not found",
                    "details": "Node ID '#3'",
                },
                "node_errors": {},
            },
            "\"Sample\": Node 'Sample' not found",
        ),
        (
            {"error": {"type": "prompt_no_outputs", "message": "Prompt has no outputs"}},
            "The graph: Prompt has no outputs",
        ),
        ({"error": "no prompt", "node_errors": []}, "ComfyUI refused the graph: no prompt"),
    ],
)
def test_a_refusal_is_put_into_words(answer, said):
    assert explain_refusal(GRAPH, answer) == said


def test_a_failure_names_the_title_of_its_node():
    failure = NodeFailed("r", "3", "ValueError", "no snow")
    assert explain_failure(GRAPH, failure) == '"Sample" failed: ValueError: no snow'


@pytest.mark.parametrize(
    ("message", "poisons"),
    [
        ("CUDA error: an illegal memory access was encountered", True),
        ("CUDA error: out of memory", False),
        ("Allocation on device", False),
    ],
)
def test_only_a_broken_device_needs_a_restart(message, poisons):
    assert NodeFailed("r", "3", "RuntimeError", message).poisons_process is poisons


@pytest.mark.parametrize(
    "reason",
    [
        "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB",
        "torch.OutOfMemoryError: Allocation on device 0 would exceed allowed memory",
        "RuntimeError: HIP out of memory",
        "RuntimeError: MPS backend out of memory",
        "RuntimeError: [enforce fail] DefaultCPUAllocator: can't allocate memory",
        "MemoryError: ",
    ],
)
def test_too_little_memory_is_told_from_other_failures(reason):
    exception, _, message = reason.partition(": ")
    assert NodeFailed("r", "3", exception, message).is_out_of_memory


def test_other_failures_are_not_of_memory():
    assert not NodeFailed("r", "3", "ValueError", "no snow").is_out_of_memory
