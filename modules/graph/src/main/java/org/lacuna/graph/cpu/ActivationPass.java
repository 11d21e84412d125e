package org.lacuna.graph.cpu;

import java.nio.ByteBuffer;
import org.lacuna.graph.activation.Activation;

/** An activation over any number of elements: whole vectors where they lie, the rest through padded copies. */
final class ActivationPass {
    private final Activation f;
    private final ByteBuffer zRest = Lanes.floats(Lanes.WIDTH);
    private final ByteBuffer aRest = Lanes.floats(Lanes.WIDTH);
    private final ByteBuffer dRest = Lanes.floats(Lanes.WIDTH);

    ActivationPass(Activation f) {
        this.f = f;
    }

    /** As {@link Activation#value} for any {@code n}. */
    void value(ByteBuffer z, int zi, ByteBuffer a, int ai, int n) {
        int whole = n - n % Lanes.WIDTH;
        copy(z, zi + whole, zRest, 0, n - whole);
        // One call in the code, not one for each part: C2 inlines it, and stops inlining vectors' methods in large code.
        for (int from = 0; from < n; from += whole) {
            boolean inPlace = from < whole;
            f.value(inPlace ? z : zRest, inPlace ? zi : 0, inPlace ? a : aRest, inPlace ? ai : 0, inPlace ? whole : Lanes.WIDTH);
            if (!inPlace) {
                break;
            }
        }
        copy(aRest, 0, a, ai + whole, n - whole);
    }

    /** As {@link Activation#valueAndDerivative} for any {@code n}. */
    void valueAndDerivative(ByteBuffer z, int zi, ByteBuffer a, int ai, ByteBuffer d, int di, int n) {
        int whole = n - n % Lanes.WIDTH;
        copy(z, zi + whole, zRest, 0, n - whole);
        for (int from = 0; from < n; from += whole) {
            boolean inPlace = from < whole;
            f.valueAndDerivative(inPlace ? z : zRest, inPlace ? zi : 0, inPlace ? a : aRest, inPlace ? ai : 0,
                    inPlace ? d : dRest, inPlace ? di : 0, inPlace ? whole : Lanes.WIDTH);
            if (!inPlace) {
                break;
            }
        }
        copy(aRest, 0, a, ai + whole, n - whole);
        copy(dRest, 0, d, di + whole, n - whole);
    }

    private static void copy(ByteBuffer from, int fi, ByteBuffer to, int ti, int n) {
        for (int i = 0; i < n; i++) {
            Lanes.put(to, ti + i, Lanes.get(from, fi + i));
        }
    }
}
