/**
 * The CPU device: memory outside the Java heap, a kernel for each op in the Vector API, GEMM by a native library.
 * Nothing outside this package names a CPU library.
 */
package org.lacuna.graph.cpu;
