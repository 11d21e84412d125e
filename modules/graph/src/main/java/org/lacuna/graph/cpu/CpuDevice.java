package org.lacuna.graph.cpu;

import java.lang.ref.Reference;
import java.util.HashMap;
import java.util.Map;
import org.lacuna.graph.Device;
import org.lacuna.graph.FlatMath;
import org.lacuna.graph.Format;
import org.lacuna.graph.Precision;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.lacuna.graph.op.Activated;
import org.lacuna.graph.op.ActivatedGrad;
import org.lacuna.graph.op.Activity;
import org.lacuna.graph.op.Add;
import org.lacuna.graph.op.Attention;
import org.lacuna.graph.op.AttentionGrad;
import org.lacuna.graph.op.CachedAttention;
import org.lacuna.graph.op.CombineExperts;
import org.lacuna.graph.op.CombineExpertsGrad;
import org.lacuna.graph.op.DistillLoss;
import org.lacuna.graph.op.DistillLossGrad;
import org.lacuna.graph.op.Dropout;
import org.lacuna.graph.op.Embedding;
import org.lacuna.graph.op.EmbeddingGrad;
import org.lacuna.graph.op.ExpertLinear;
import org.lacuna.graph.op.ExpertLinearDw;
import org.lacuna.graph.op.ExpertLinearDx;
import org.lacuna.graph.op.Fan;
import org.lacuna.graph.op.FanGrad;
import org.lacuna.graph.op.Gated;
import org.lacuna.graph.op.GatedGrad;
import org.lacuna.graph.op.HiddenDistance;
import org.lacuna.graph.op.HiddenDistanceGrad;
import org.lacuna.graph.op.LacunaOp;
import org.lacuna.graph.op.LayerNorm;
import org.lacuna.graph.op.LayerNormGrad;
import org.lacuna.graph.op.Linear;
import org.lacuna.graph.op.LinearDb;
import org.lacuna.graph.op.LinearDw;
import org.lacuna.graph.op.LinearDx;
import org.lacuna.graph.op.LmHeadLoss;
import org.lacuna.graph.op.LmHeadLossGrad;
import org.lacuna.graph.op.Repeat;
import org.lacuna.graph.op.RmsNorm;
import org.lacuna.graph.op.RmsNormGrad;
import org.lacuna.graph.op.Rotary;
import org.lacuna.graph.op.RotaryTable;
import org.lacuna.graph.op.Route;
import org.lacuna.graph.op.RouteGrad;
import org.lacuna.graph.op.Scale;
import org.lacuna.graph.op.SitePenalty;
import org.lacuna.graph.op.SitePenaltyGrad;
import org.lacuna.graph.op.Sparsify;
import org.lacuna.graph.op.SparsifyGrad;
import org.lacuna.graph.op.ToBfloat16;
import org.lacuna.graph.op.WeightedSum;
import org.lacuna.graph.op.WeightedSumGrad;
import org.lacuna.graph.op.Zeros;

/** The CPU: kernels in the Vector API, GEMM by oneDNN or OpenBLAS with one thread for each caller. */
public final class CpuDevice implements Device {
    static {
        CpuLibraries.prepare();
    }

    private final Map<String, Kernel> kernels = new HashMap<>();
    private final Precision precision;
    private final GemmLibrary gemms;

    /** Multiplies in fp32, by the library that is the fastest here or that {@code -Dlacuna.gemm} names. */
    public CpuDevice() {
        this(Precision.FP32, GemmChoice.library(Precision.FP32));
    }

    CpuDevice(Precision precision, GemmLibrary gemms) {
        this.precision = precision;
        this.gemms = gemms;
        // One line for each op's kernel.
        kernels.put(Add.NAME, new AddKernel());
        kernels.put(Scale.NAME, new ScaleKernel());
        kernels.put(ToBfloat16.NAME, new ToBfloat16Kernel());
        kernels.put(Zeros.NAME, new ZerosKernel());
        kernels.put(RmsNorm.NAME, new RmsNormKernel());
        kernels.put(RmsNormGrad.NAME, new RmsNormGradKernel());
        kernels.put(LayerNorm.NAME, new LayerNormKernel());
        kernels.put(LayerNormGrad.NAME, new LayerNormGradKernel());
        kernels.put(RotaryTable.NAME, new RotaryTableKernel());
        kernels.put(Rotary.NAME, new RotaryKernel());
        kernels.put(Attention.NAME, new AttentionKernel(gemms));
        kernels.put(AttentionGrad.NAME, new AttentionGradKernel(gemms));
        kernels.put(CachedAttention.NAME, new CachedAttentionKernel(gemms));
        kernels.put(Linear.NAME, new LinearKernel(gemms));
        kernels.put(LinearDx.NAME, new LinearDxKernel(gemms));
        kernels.put(LinearDw.NAME, new LinearDwKernel(gemms));
        kernels.put(LinearDb.NAME, new LinearDbKernel());
        kernels.put(Embedding.NAME, new EmbeddingKernel());
        kernels.put(EmbeddingGrad.NAME, new EmbeddingGradKernel());
        kernels.put(Route.NAME, new RouteKernel());
        kernels.put(RouteGrad.NAME, new RouteGradKernel());
        kernels.put(ExpertLinear.NAME, new ExpertLinearKernel(gemms));
        kernels.put(ExpertLinearDx.NAME, new ExpertLinearDxKernel(gemms));
        kernels.put(ExpertLinearDw.NAME, new ExpertLinearDwKernel(gemms));
        kernels.put(CombineExperts.NAME, new CombineExpertsKernel());
        kernels.put(CombineExpertsGrad.NAME, new CombineExpertsGradKernel());
        kernels.put(LmHeadLoss.NAME, new LmHeadLossKernel(gemms));
        kernels.put(LmHeadLossGrad.NAME, new LmHeadLossGradKernel(gemms));
        kernels.put(DistillLoss.NAME, new DistillLossKernel(gemms));
        kernels.put(DistillLossGrad.NAME, new DistillLossGradKernel(gemms));
        kernels.put(HiddenDistance.NAME, new HiddenDistanceKernel());
        kernels.put(HiddenDistanceGrad.NAME, new HiddenDistanceGradKernel());
        kernels.put(Activated.NAME, new ActivatedKernel());
        kernels.put(ActivatedGrad.NAME, new ActivatedGradKernel());
        kernels.put(Gated.NAME, new GatedKernel());
        kernels.put(GatedGrad.NAME, new GatedGradKernel());
        kernels.put(Sparsify.NAME, new SparsifyKernel());
        kernels.put(SparsifyGrad.NAME, new SparsifyGradKernel());
        kernels.put(Dropout.NAME, new DropoutKernel());
        kernels.put(Fan.NAME, new FanKernel());
        kernels.put(FanGrad.NAME, new FanGradKernel());
        kernels.put(Repeat.NAME, new RepeatKernel());
        kernels.put(SitePenalty.NAME, new SitePenaltyKernel());
        kernels.put(SitePenaltyGrad.NAME, new SitePenaltyGradKernel());
        kernels.put(Activity.NAME, new ActivityKernel());
        kernels.put(WeightedSum.NAME, new WeightedSumKernel());
        kernels.put(WeightedSumGrad.NAME, new WeightedSumGradKernel());
    }

    @Override
    public Tensor allocate(TensorSpec spec) {
        return allocate(spec.bytes()).tensor(spec, 0);
    }

    @Override
    public Memory allocate(long bytes) {
        return new CpuMemory(bytes);
    }

    @Override
    public boolean runs(String opName) {
        return kernels.containsKey(opName);
    }

    @Override
    public Format input(LacunaOp op, int index) {
        return precision == Precision.FP32 ? Format.FP32 : kernel(op).input(op, index);
    }

    @Override
    public Format output(LacunaOp op, int index) {
        return precision == Precision.FP32 ? Format.FP32 : kernel(op).output(op, index);
    }

    @Override
    public boolean inPlace(LacunaOp op, int input, int output) {
        return kernel(op).inPlace(input, output);
    }

    @Override
    public long scratchBytes(LacunaOp op, TensorSpec[] in, TensorSpec[] out, int panels) {
        return kernel(op).scratchBytes(op, in, out, panels);
    }

    @Override
    public Runnable[][] bind(LacunaOp op, Tensor[] in, Tensor[] out, Tensor scratch, int panels) {
        Runnable[][] phases = kernel(op).bind(op, in, out, scratch, panels);
        for (Runnable[] phase : phases) {
            for (int p = 0; p < phase.length; p++) {
                phase[p] = new Call(phase[p], in, out, scratch);
            }
        }
        return phases;
    }

    /** A kernel's call, with the tensors whose memory it works on: kernels keep addresses, which keep nothing alive. */
    private record Call(Runnable kernel, Tensor[] in, Tensor[] out, Tensor scratch) implements Runnable {
        @Override
        public void run() {
            kernel.run();
            Reference.reachabilityFence(this);
        }
    }

    @Override
    public Device in(Precision wanted) {
        return wanted == precision ? this : new CpuDevice(wanted, GemmChoice.library(wanted));
    }

    @Override
    public FlatMath flatMath() {
        return new CpuFlatMath();
    }

    @Override
    public int rowsAlike() {
        return gemms.rowsAlike();
    }

    @Override
    public String gemm() {
        return gemms.description();
    }

    private Kernel kernel(LacunaOp op) {
        Kernel kernel = kernels.get(op.opName());
        if (kernel == null) {
            throw new IllegalArgumentException("the CPU has no kernel for op " + op.opName());
        }
        return kernel;
    }
}
