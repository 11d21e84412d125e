package org.lacuna.graph.op;

import java.util.OptionalDouble;
import org.lacuna.graph.activation.Activation;
import org.lacuna.graph.activation.Activations;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;

/**
 * An op with an activation in it.
 *
 * <pre>
 * integer argument 0: the activation's code
 * floating argument 0: its parameter, where it has one
 * </pre>
 */
public abstract class ActivationOp extends LacunaOp {
    ActivationOp() {}

    ActivationOp(SameDiff sd, Activation f, SDVariable... args) {
        super(sd, args);
        addIArgument(f.code());
        f.parameter().ifPresent(this::addTArgument);
    }

    /** The function. */
    public final Activation activation() {
        return Activations.carried(integer(0), numTArguments() > 0 ? OptionalDouble.of(floating(0)) : OptionalDouble.empty());
    }
}
