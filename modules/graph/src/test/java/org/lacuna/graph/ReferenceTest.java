package org.lacuna.graph;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.lacuna.graph.activation.Activation;
import org.lacuna.graph.activation.Activations;
import org.lacuna.graph.op.LacunaOps;
import org.lacuna.graph.penalty.Penalties;
import org.lacuna.graph.penalty.Penalty;
import org.lacuna.graph.penalty.PenaltyLoops;

/** A reference that called a kernel would check nothing: the two sides of an op know nothing of each other. */
class ReferenceTest {
    /** Where a function's reference stands beside its loops. */
    private static final Set<String> BOTH = Set.of("org.lacuna.graph.activation", "org.lacuna.graph.penalty");
    private static final String KERNELS = "org.lacuna.graph.cpu";
    private static final String VECTORS = "jdk.incubator.vector";

    private final JavaClasses graph = new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("org.lacuna.graph");

    /** {@link LacunaOps} is no op: it starts ND4J, and has the CPU's library chosen before that. */
    @Test
    void opsKnowNoKernel() {
        noClasses().that().resideInAPackage("org.lacuna.graph.op..").and().doNotBelongToAnyOf(LacunaOps.class)
                .should().dependOnClassesThat().resideInAnyPackage(KERNELS + "..", VECTORS + "..", "org.bytedeco..")
                .check(graph);
    }

    @Test
    void opsCallNoLoopOfAnActivation() {
        noClasses().that().resideInAPackage("org.lacuna.graph.op..")
                .should().accessTargetWhere(DescribedPredicate.describe("it is a loop of an activation",
                        access -> access.getTargetOwner().isAssignableTo(Activation.class) && isLoop(access.getName())))
                .check(graph);
    }

    @Test
    void opsCallNoLoopOfAPenalty() {
        noClasses().that().resideInAPackage("org.lacuna.graph.op..").should().dependOnClassesThat().areAssignableTo(PenaltyLoops.class)
                .check(graph);
        noClasses().that().resideInAPackage("org.lacuna.graph.op..")
                .should().accessTargetWhere(DescribedPredicate.describe("it makes a penalty's loops",
                        access -> access.getTargetOwner().isAssignableTo(Penalty.class) && access.getName().equals("loops")))
                .check(graph);
    }

    @Test
    void referencesOfPenaltiesCallNoKernel() {
        List<JavaMethod> references = methods(Penalty.class, name -> name.startsWith("reference"));
        assertTrue(references.size() >= 2 * Penalties.all().size() + 2, references.toString());
        for (JavaMethod reference : references) {
            assertEquals(Set.of(), forbidden(reference), reference.getFullName());
        }
        List<JavaMethod> loops = methods(Penalty.class, name -> name.startsWith("value") || name.startsWith("gradient"));
        assertFalse(loops.isEmpty());
        for (JavaMethod loop : loops) {
            assertTrue(loop.getModifiers().contains(JavaModifier.ABSTRACT) || !forbidden(loop).isEmpty(), loop.getFullName() + " works with vectors");
        }
    }

    @Test
    void referencesOfActivationsCallNoKernel() {
        List<JavaMethod> references = methods(Activation.class, name -> name.startsWith("reference"));
        // Each has two, the interface declares two.
        assertTrue(references.size() >= 2 * Activations.all().size() + 2, references.toString());
        for (JavaMethod reference : references) {
            assertEquals(Set.of(), forbidden(reference), reference.getFullName());
        }
    }

    @Test
    void theCheckSeesThroughHelpers() {
        for (JavaMethod loop : methods(Activation.class, ReferenceTest::isLoop)) {
            if (!loop.getOwner().isInterface()) {
                assertFalse(forbidden(loop).isEmpty(), loop.getFullName() + " works with vectors");
            }
        }
    }

    private static boolean isLoop(String method) {
        return method.equals("value") || method.equals("valueAndDerivative");
    }

    private List<JavaMethod> methods(Class<?> kind, Predicate<String> name) {
        return graph.stream().filter(c -> c.isAssignableTo(kind))
                .flatMap(c -> c.getMethods().stream()).filter(m -> name.test(m.getName())).toList();
    }

    /** What {@code start}, or a method of its package that it reaches, uses of kernels and vectors. */
    private static Set<String> forbidden(JavaCodeUnit start) {
        Set<String> found = new LinkedHashSet<>();
        Set<JavaCodeUnit> seen = new LinkedHashSet<>(Set.of(start));
        Deque<JavaCodeUnit> next = new ArrayDeque<>(seen);
        while (!next.isEmpty()) {
            for (JavaAccess<?> access : next.pop().getAccessesFromSelf()) {
                String home = access.getTargetOwner().getPackageName();
                if (home.startsWith(KERNELS) || home.startsWith(VECTORS)) {
                    found.add(access.getDescription());
                } else if (BOTH.contains(home) && access.getTarget().resolveMember().orElse(null) instanceof JavaCodeUnit unit && seen.add(unit)) {
                    next.push(unit);
                }
            }
        }
        return found;
    }
}
