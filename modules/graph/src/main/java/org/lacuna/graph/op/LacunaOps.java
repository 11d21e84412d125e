package org.lacuna.graph.op;

import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.function.Supplier;
import org.lacuna.graph.Backend;
import org.lacuna.graph.cpu.CpuLibraries;
import org.nd4j.imports.converters.ImportClassMapping;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.OpContext;
import org.nd4j.linalg.api.ops.executioner.OpExecutioner;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Makes Lacuna's ops known to ND4J: their names, so that SameDiff can clone, save and load them, and their references,
 * so that SameDiff's own sessions run them on whatever backend is active. This is the one place that changes ND4J's
 * static state; {@link #register} does so once, however often it is called.
 */
public final class LacunaOps {
    private static boolean registered;

    private LacunaOps() {}

    /** Every op, by the constructor that SameDiff makes it with. */
    private static List<Supplier<LacunaOp>> all() {
        // One line for each op.
        return List.of(
                Add::new,
                Scale::new,
                Zeros::new,
                RmsNorm::new, RmsNormGrad::new,
                LayerNorm::new, LayerNormGrad::new,
                RotaryTable::new,
                Rotary::new,
                Attention::new, AttentionGrad::new, CachedAttention::new,
                Linear::new, LinearDx::new, LinearDw::new, LinearDb::new,
                Embedding::new, EmbeddingGrad::new,
                Route::new, RouteGrad::new,
                ExpertLinear::new, ExpertLinearDx::new, ExpertLinearDw::new,
                CombineExperts::new, CombineExpertsGrad::new,
                LmHeadLoss::new, LmHeadLossGrad::new,
                DistillLoss::new, DistillLossGrad::new,
                HiddenDistance::new, HiddenDistanceGrad::new,
                Activated::new, ActivatedGrad::new,
                Gated::new, GatedGrad::new,
                Sparsify::new, SparsifyGrad::new,
                Dropout::new,
                Fan::new, FanGrad::new,
                Repeat::new,
                SitePenalty::new, SitePenaltyGrad::new,
                Activity::new,
                WeightedSum::new, WeightedSumGrad::new);
    }

    /** Registers the ops with ND4J and SameDiff; starts ND4J's backend where it has not started yet. */
    public static synchronized void register() {
        if (registered) {
            return;
        }
        Backend.check();
        CpuLibraries.prepare();
        for (Supplier<LacunaOp> maker : all()) {
            LacunaOp op = maker.get();
            ImportClassMapping.getOpNameMapping().put(op.opName(), op);
        }
        OpExecutioner active = Nd4j.getExecutioner();
        try {
            Field field = Nd4j.class.getDeclaredField("OP_EXECUTIONER_INSTANCE");
            field.setAccessible(true);
            field.set(null, withReferences(active));
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this version of ND4J keeps its executioner elsewhere than 1.0.0-M2.1 does", e);
        }
        registered = true;
    }

    /** {@code active}, save that an op of ours runs its reference. */
    private static OpExecutioner withReferences(OpExecutioner active) {
        return (OpExecutioner) Proxy.newProxyInstance(LacunaOps.class.getClassLoader(), new Class<?>[] {OpExecutioner.class},
                (proxy, method, args) -> {
                    if (method.getName().equals("exec") && args.length == 2 && args[0] instanceof LacunaOp op) {
                        OpContext context = (OpContext) args[1];
                        INDArray[] in = context.getInputArrays().toArray(INDArray[]::new);
                        INDArray[] out = context.getOutputArrays().toArray(INDArray[]::new);
                        op.reference(in, out);
                        return out;
                    }
                    try {
                        return method.invoke(active, args);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }
}
