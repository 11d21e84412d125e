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

/** A reference that called a kernel would check nothing: the two sides of an op know nothing of each other. */
class ReferenceTest {
    private static final String ACTIVATIONS = "org.lacuna.graph.activation";
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
    void referencesOfActivationsCallNoKernel() {
        List<JavaMethod> references = methods(name -> name.startsWith("reference"));
        // Each has two, the interface declares two.
        assertTrue(references.size() >= 2 * Activations.all().size() + 2, references.toString());
        for (JavaMethod reference : references) {
            assertEquals(Set.of(), forbidden(reference), reference.getFullName());
        }
    }

    @Test
    void theCheckSeesThroughHelpers() {
        for (JavaMethod loop : methods(ReferenceTest::isLoop)) {
            if (!loop.getOwner().isInterface()) {
                assertFalse(forbidden(loop).isEmpty(), loop.getFullName() + " works with vectors");
            }
        }
    }

    private static boolean isLoop(String method) {
        return method.equals("value") || method.equals("valueAndDerivative");
    }

    private List<JavaMethod> methods(Predicate<String> name) {
        return graph.stream().filter(c -> c.isAssignableTo(Activation.class))
                .flatMap(c -> c.getMethods().stream()).filter(m -> name.test(m.getName())).toList();
    }

    /** What {@code start}, or a method of the activations' package that it reaches, uses of kernels and vectors. */
    private static Set<String> forbidden(JavaCodeUnit start) {
        Set<String> found = new LinkedHashSet<>();
        Set<JavaCodeUnit> seen = new LinkedHashSet<>(Set.of(start));
        Deque<JavaCodeUnit> next = new ArrayDeque<>(seen);
        while (!next.isEmpty()) {
            for (JavaAccess<?> access : next.pop().getAccessesFromSelf()) {
                String home = access.getTargetOwner().getPackageName();
                if (home.startsWith(KERNELS) || home.startsWith(VECTORS)) {
                    found.add(access.getDescription());
                } else if (home.equals(ACTIVATIONS) && access.getTarget().resolveMember().orElse(null) instanceof JavaCodeUnit unit && seen.add(unit)) {
                    next.push(unit);
                }
            }
        }
        return found;
    }
}
