/** What measuring a model or letting it write takes in memory, told and held against what there is before its weights are loaded. */
package org.lacuna.eval.memory;
