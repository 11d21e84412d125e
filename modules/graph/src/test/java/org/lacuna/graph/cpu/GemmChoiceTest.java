package org.lacuna.graph.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.bytedeco.dnnl.global.dnnl;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.lacuna.graph.Precision;
import org.lacuna.graph.WrongPropertyException;

class GemmChoiceTest {

    /** The tests may run with one of them set. */
    @BeforeEach
    @AfterEach
    void leave() {
        System.clearProperty(GemmChoice.PROPERTY);
        System.clearProperty(GemmChoice.BF16);
    }

    @Test
    void takesTheFasterLibraryUnlessToldOtherwise() {
        assertTrue(new CpuDevice().gemm().startsWith("oneDNN "), new CpuDevice().gemm());
        assertTrue(CpuLibraries.load().onednn());
        System.setProperty(GemmChoice.PROPERTY, "openblas");
        assertTrue(new CpuDevice().gemm().startsWith("OpenBLAS "), new CpuDevice().gemm());
        assertTrue(CpuLibraries.load().gemm().startsWith("OpenBLAS "));
    }

    /** Never by timing, or the last bits would not be the same each time. */
    @Test
    void bf16IsWidenedWhereItsInstructionsAreNoneOrSlow() {
        assertTrue(OneDnnGemms.isFasterInBf16(dnnl.dnnl_cpu_isa_avx512_core_amx));
        assertTrue(OneDnnGemms.isFasterInBf16(dnnl.dnnl_cpu_isa_avx512_core_amx_fp16));
        assertTrue(OneDnnGemms.isFasterInBf16(dnnl.dnnl_cpu_isa_avx512_core_bf16));
        assertFalse(OneDnnGemms.isFasterInBf16(dnnl.dnnl_cpu_isa_avx512_core_fp16));
        assertFalse(OneDnnGemms.isFasterInBf16(dnnl.dnnl_cpu_isa_avx512_core));
        assertFalse(OneDnnGemms.isFasterInBf16(dnnl.dnnl_cpu_isa_avx2_vnni_2));
        String fp32 = new CpuDevice().gemm();
        assertEquals(OneDnnGemms.isFasterInBf16() ? fp32 : fp32 + ", bf16 widened to fp32", bf16());
        assertEquals(!OneDnnGemms.isFasterInBf16(), CpuLibraries.load().widens());
        System.setProperty(GemmChoice.BF16, "widened");
        assertEquals(fp32 + ", bf16 widened to fp32", bf16());
        assertEquals(fp32, new CpuDevice().gemm());
        assertTrue(CpuLibraries.load().widens());
        System.setProperty(GemmChoice.BF16, "native");
        if (OneDnnGemms.hasBf16()) {
            assertEquals(fp32, bf16());
            assertFalse(CpuLibraries.load().widens());
        } else {
            refusesNative();
        }
        System.setProperty(GemmChoice.PROPERTY, "openblas");
        refusesNative();
        System.clearProperty(GemmChoice.BF16);
        assertTrue(bf16().startsWith("OpenBLAS ") && bf16().endsWith(", bf16 widened to fp32"), bf16());
    }

    private static String bf16() {
        return new CpuDevice().in(Precision.BF16).gemm();
    }

    private static void refusesNative() {
        assertEquals("-Dlacuna.bf16=native: only oneDNN multiplies bf16, on CPUs with AVX-512; here it is " + new CpuDevice().gemm()
                + "; leave out -Dlacuna.bf16, and bf16 is widened to fp32", assertThrows(WrongPropertyException.class, GemmChoiceTest::bf16).getMessage());
    }

    @Test
    void refusesWhatItDoesNotKnow() {
        System.setProperty(GemmChoice.BF16, "fast");
        assertEquals("-Dlacuna.bf16=fast: expected native or widened", assertThrows(WrongPropertyException.class, CpuDevice::new).getMessage());
        System.setProperty(GemmChoice.PROPERTY, "mkl");
        assertEquals("-Dlacuna.gemm=mkl: expected onednn or openblas",
                assertThrows(WrongPropertyException.class, CpuDevice::new).getMessage());
    }
}
