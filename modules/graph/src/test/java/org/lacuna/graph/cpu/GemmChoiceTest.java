package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.lacuna.graph.Precision;
import org.lacuna.graph.UnsupportedPrecisionException;
import org.lacuna.graph.WrongPropertyException;

class GemmChoiceTest {

    @AfterEach
    void leave() {
        System.clearProperty(GemmChoice.PROPERTY);
    }

    @Test
    void takesTheFasterLibraryUnlessToldOtherwise() {
        assertTrue(new CpuDevice().gemm().startsWith("oneDNN "), new CpuDevice().gemm());
        assertTrue(CpuLibraries.load().onednn());
        System.setProperty(GemmChoice.PROPERTY, "openblas");
        assertTrue(new CpuDevice().gemm().startsWith("OpenBLAS "), new CpuDevice().gemm());
        assertTrue(CpuLibraries.load().gemm().startsWith("OpenBLAS "));
        assertEquals("bf16 needs oneDNN, and OpenBLAS multiplies here; take fp32, or leave out -Dlacuna.gemm",
                assertThrows(UnsupportedPrecisionException.class, () -> new CpuDevice().in(Precision.BF16)).getMessage());
    }

    @Test
    void refusesALibraryThatItDoesNotKnow() {
        System.setProperty(GemmChoice.PROPERTY, "mkl");
        assertEquals("-Dlacuna.gemm=mkl: expected onednn or openblas",
                assertThrows(WrongPropertyException.class, CpuDevice::new).getMessage());
    }
}
