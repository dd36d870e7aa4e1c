"""The functions in a text of LLVM IR or PTX: whole ones, without what is their module's."""

from __future__ import annotations

from typing import Any

import pytest

from tests.gpu_code import IR, PTX
from witness.stages.kernel_functions import llvm, ptx


def test_functions_of_llvm_ir_have_nothing_of_their_module() -> None:
    first, second = llvm(IR)
    assert (first.name, second.name) == ("add_fusion.1", "helper")
    assert first.text.split("\n") == [
        'define noalias noundef ptr @"add_fusion.1"(ptr readonly captures(none) %0) local_unnamed_addr {',
        "  %2 = load ptr, ptr %0, align 8",
        "  br label %loop",
        "",
        "loop:  ; preds = %loop, %1",
        "  %3 = tail call <8 x float> @llvm.fma.v8f32(<8 x float> %a, <8 x float> splat (float 2.0), <8 x float> %a)",
        "  br i1 %4, label %loop, label %5",
        "",
        "5:  ; preds = %loop",
        "  ret ptr null",
        "}",
    ]
    assert second.text == "define internal float @helper(float %0) {\n  ret float %0\n}"


def test_kernels_of_ptx_end_where_their_body_does() -> None:
    first, second = ptx(PTX)
    assert (first.name, second.name) == ("loop_add_fusion", "loop_add_fusion_1__1")
    assert first.text.split("\n") == [
        ".visible .entry loop_add_fusion(",
        "    .param .u64 .ptr .align 16 loop_add_fusion_param_0,",
        "    .param .u64 .ptr .align 128 loop_add_fusion_param_1",
        ")",
        ".reqntid 128, 1, 1",
        "{",
        "    .reg .pred %p<3>;",
        "    .reg .b32 %r<7>;",
        "    .reg .b64 %rd<5>;",
        "",
        "// %bb.0:",
        "    ld.param.u64 %rd1, [loop_add_fusion_param_0];",
        "    mov.u32 %r1, %tid.x;",
        "    { // callseq 0, 0",
        "    .param .b32 retval0;",
        "    } // callseq 0",
        "    setp.gt.u32 %p1, %r1, 63;",
        "    @%p1 bra $L__BB0_2;",
        "// %bb.1: // %inside",
        "    ld.global.nc.v2.b32 {%r2, %r3}, [%rd1];",
        "    fma.rn.f32 %r4, %r2, 0f40000000, %r3;",
        "    st.global.b32 [%rd1+16], %r4;",
        "$L__BB0_2: // %done",
        "    ret;",
        "}",
    ]
    assert second.text == ".visible .entry loop_add_fusion_1__1()\n{\n    ret;\n}"


@pytest.mark.parametrize("read", [llvm, ptx])
@pytest.mark.parametrize("whole", [IR, PTX, "", "define", "define i32 @f(", ".entry", ".visible .entry f(\n{"])
def test_a_text_that_is_cut_has_the_functions_that_end(read: Any, whole: str) -> None:
    every = [it.text for it in read(whole)]
    for end in range(0, len(whole), 7):
        found = [it.text for it in read(whole[:end])]
        assert found == every[: len(found)]
