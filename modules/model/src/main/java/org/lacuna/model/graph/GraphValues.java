package org.lacuna.model.graph;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import org.lacuna.graph.ParameterStore;
import org.lacuna.graph.Tensor;
import org.lacuna.graph.TensorSpec;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.autodiff.samediff.array.SingleThreadArrayHolder;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The weights' values in a SameDiff graph. A graph is built without them: a {@code Program} reads them from the parameter
 * store, and a second copy would be wasted. SameDiff's own execution, and saving, need them attached.
 */
public final class GraphValues {
    private GraphValues() {}

    /**
     * Copies the store's values into the graph, for SameDiff's own {@code output}, {@code calculateGradients} and
     * {@code save}. Later changes of the store don't reach the graph.
     */
    public static void attach(SameDiff graph, ParameterStore store) {
        for (SDVariable v : graph.variables()) {
            if (v.getVariableType() == VariableType.VARIABLE) {
                Tensor t = store.tensor(v.name());
                INDArray array = Nd4j.createFromArray(t.toFloats()).castTo(v.dataType()).reshape('c', t.shape());
                graph.associateArrayWithVariable(array, v);
            }
        }
    }

    /**
     * A graph to declare variables in. SameDiff's usual keeper of arrays, made for several devices, writes out a copy of each that
     * it is given; this one keeps the array.
     */
    static SameDiff graph() {
        SameDiff graph = SameDiff.create();
        graph.setArrayHolders(new SingleThreadArrayHolder(), new SingleThreadArrayHolder(), false);
        return graph;
    }

    /**
     * A variable with a shape and no values yet. SameDiff takes a variable's shape from its array, so there is one, of
     * which all elements are the same single number in memory.
     */
    static SDVariable declare(SameDiff graph, TensorSpec spec, DataType type) {
        DataBuffer one = Nd4j.createBuffer(type, 1, true);
        return graph.var(spec.name(), placeOf(Nd4j.create(one, spec.shape(), new long[spec.shape().length], 0, 'c', type)));
    }

    /**
     * The array, which has no copies: making the gradient function, SameDiff copies each variable's array, and a copy of this one
     * would be written out.
     */
    private static INDArray placeOf(INDArray array) {
        return (INDArray) Proxy.newProxyInstance(INDArray.class.getClassLoader(), new Class<?>[] {INDArray.class}, (proxy, method, args) -> {
            if (method.getName().equals("dup")) {
                return proxy;
            }
            try {
                return method.invoke(array, args);
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        });
    }
}
