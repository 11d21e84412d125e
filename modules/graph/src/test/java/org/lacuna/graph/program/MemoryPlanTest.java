package org.lacuna.graph.program;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MemoryPlanTest {
    @Test
    void tensorsThatNeverMeetShareMemory() {
        MemoryPlan plan = MemoryPlan.of(List.of(new MemoryPlan.Need(640, 0, 1), new MemoryPlan.Need(640, 1, 2), new MemoryPlan.Need(640, 2, 3)));
        assertEquals(1280, plan.bytes());
        assertEquals(plan.offset(0), plan.offset(2));
    }

    @Test
    void sizesAreRoundedUpToCacheLines() {
        MemoryPlan plan = MemoryPlan.of(List.of(new MemoryPlan.Need(1, 0, 0), new MemoryPlan.Need(65, 0, 0)));
        assertEquals(192, plan.bytes());
        assertEquals(192, plan.liveBytes());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void noTwoLivingTensorsOverlap(int seed) {
        Random random = new Random(seed);
        List<MemoryPlan.Need> needs = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            int first = random.nextInt(100);
            needs.add(new MemoryPlan.Need(1 + random.nextInt(5000), first, first + random.nextInt(20)));
        }
        MemoryPlan plan = MemoryPlan.of(needs);
        for (int i = 0; i < needs.size(); i++) {
            assertEquals(0, plan.offset(i) % MemoryPlan.ALIGNMENT);
            assertTrue(plan.offset(i) + needs.get(i).bytes() <= plan.bytes());
            for (int j = 0; j < i; j++) {
                boolean apart = plan.offset(i) + needs.get(i).bytes() <= plan.offset(j) || plan.offset(j) + needs.get(j).bytes() <= plan.offset(i);
                assertTrue(apart || !needs.get(i).meets(needs.get(j)), i + " and " + j);
            }
        }
        assertTrue(plan.bytes() >= plan.liveBytes());
    }
}
