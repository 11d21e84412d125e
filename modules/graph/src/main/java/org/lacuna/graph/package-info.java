/**
 * The engine's data: {@link org.lacuna.graph.Tensor named memory}, {@link org.lacuna.graph.ParameterStore parameters}
 * in one flat vector, and the {@link org.lacuna.graph.Device} that supplies memory and kernels.
 * The ops themselves are in {@code op}, what runs a graph of them in {@code program}, the CPU in {@code cpu}.
 */
package org.lacuna.graph;
