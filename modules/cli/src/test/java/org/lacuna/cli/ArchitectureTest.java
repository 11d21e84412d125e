package org.lacuna.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noFields;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import java.nio.Buffer;
import java.util.AbstractCollection;
import java.util.AbstractMap;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutorService;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.nd4j.nativeblas.NativeOpsHolder;

/** Holds the modules to what the table of the folders allows them, and all of them to a few habits. */
class ArchitectureTest {
    /** A module, which is a package below org.lacuna, and the modules that it may use. */
    private static final Map<String, Set<String>> MAY_USE = new TreeMap<>(Map.ofEntries(
            Map.entry("sparsity", Set.of()),
            Map.entry("graph", Set.of("sparsity")),
            Map.entry("run", Set.of()),
            Map.entry("data", Set.of("run")),
            Map.entry("model", Set.of("graph", "sparsity", "run")),
            Map.entry("decode", Set.of("model", "graph", "sparsity", "run")),
            Map.entry("eval", Set.of("model", "decode", "data", "sparsity", "graph", "run")),
            Map.entry("dl4j", Set.of("data", "sparsity", "eval", "graph", "run")),
            Map.entry("training", Set.of("model", "decode", "data", "sparsity", "eval", "graph", "run")),
            Map.entry("zoo", Set.of("model", "eval", "data", "sparsity", "graph", "run")),
            Map.entry("cli", Set.of("sparsity", "graph", "run", "data", "model", "decode", "eval", "dl4j", "training", "zoo"))));

    /** The one class that may hold static mutable state: it registers our ops with ND4J, once. */
    private static final String REGISTRATION = "org.lacuna.graph.op.LacunaOps";

    /** The classes of an engine's backend; nd4j-api is none. */
    private static final String[] CPU_BACKEND = {"org.bytedeco..", "org.nd4j.linalg.cpu..", "org.nd4j.nativeblas.."};

    private static JavaClasses lacuna;

    @BeforeAll
    static void read() {
        // Fixtures are an ordinary module that tests alone use.
        lacuna = new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests()).withImportOption(location -> !location.contains("/fixtures/"))
                .importPackages("org.lacuna");
    }

    @Test
    void everyClassBelongsToAModuleOfTheTable() {
        String[] packages = MAY_USE.keySet().stream().map(ArchitectureTest::packages).toArray(String[]::new);
        classes().should().resideInAnyPackage(packages).check(lacuna);
    }

    @TestFactory
    Stream<DynamicTest> modulesUseOnlyWhatTheTableAllows() {
        return MAY_USE.keySet().stream().map(module -> DynamicTest.dynamicTest(module, () -> direction(module).check(lacuna)));
    }

    private static ArchRule direction(String module) {
        String[] allowed = Stream.concat(Stream.of(module), MAY_USE.get(module).stream()).map(ArchitectureTest::packages)
                .toArray(String[]::new);
        // A module that has no code yet passes; take allowEmptyShould out once each has some.
        return noClasses().that().resideInAPackage(packages(module))
                .should().dependOnClassesThat(JavaClass.Predicates.resideInAPackage("org.lacuna..")
                        .and(DescribedPredicate.not(JavaClass.Predicates.resideInAnyPackage(allowed))))
                .as("org.lacuna." + module + " uses no module but " + MAY_USE.get(module))
                .allowEmptyShould(true);
    }

    /**
     * Those below a module's own, which may hold both what they share and what puts them together, as {@code data} does. Of {@code graph}, ops,
     * activations and the CPU's kernels still name each other.
     */
    @Test
    void packagesHaveNoCycles() {
        SlicesRuleDefinition.slices().matching("org.lacuna.(*).(**)").should().beFreeOfCycles()
                .ignoreDependency(JavaClass.Predicates.resideInAPackage(packages("graph")), DescribedPredicate.alwaysTrue())
                .check(lacuna);
    }

    @Test
    void sparsityRunAndDataKnowNoEngine() {
        noClasses().that().resideInAnyPackage(packages("sparsity"), packages("run"), packages("data"))
                .should().dependOnClassesThat().resideInAnyPackage("org.nd4j..", "org.deeplearning4j..", "org.bytedeco..")
                .check(lacuna);
    }

    @Test
    void onlyTheCpuDeviceKnowsACpuBackend() {
        ONLY_THE_CPU_DEVICE.check(lacuna);
    }

    private static final ArchRule ONLY_THE_CPU_DEVICE = noClasses().that().resideOutsideOfPackage("org.lacuna.graph.cpu..")
            .should().dependOnClassesThat().resideInAnyPackage(CPU_BACKEND);

    @Test
    void nothingStaticIsMutable() {
        STATIC_IS_FINAL.check(lacuna);
        STATIC_HOLDS_NO_STATE.check(lacuna);
    }

    private static final ArchRule STATIC_IS_FINAL = fields().that().areStatic()
            .and().areNotDeclaredIn(REGISTRATION)
            .should().beFinal();

    /** A final field can still hold what changes; what can be told from its type is refused, arrays stay inside their class. */
    private static final ArchRule STATIC_HOLDS_NO_STATE = noFields().that().areStatic()
            .and().areNotDeclaredIn(REGISTRATION)
            .should().haveRawType(new DescribedPredicate<JavaClass>("a holder of state") {
                private static final List<Class<?>> HOLDERS = List.of(ThreadLocal.class, StringBuilder.class, Random.class, BitSet.class,
                        AbstractMap.class, AbstractCollection.class, ConcurrentMap.class,
                        Queue.class, Buffer.class, ExecutorService.class, Thread.class);

                @Override
                public boolean test(JavaClass type) {
                    return type.getPackageName().equals("java.util.concurrent.atomic") || HOLDERS.stream().anyMatch(type::isAssignableTo);
                }
            });

    @Test
    void packagesAreNamedByWhatTheyAreAbout() {
        noClasses().should().resideInAnyPackage("..util..", "..utils..", "..common..", "..impl..", "..helper..", "..helpers..", "..misc..")
                .check(lacuna);
    }

    @Test
    void everyPackageSaysWhatItIsAbout() {
        Set<String> described = new TreeSet<>();
        Set<String> all = new TreeSet<>();
        for (JavaClass type : lacuna) {
            all.add(type.getPackageName());
            if (type.getSimpleName().equals("package-info")) {
                described.add(type.getPackageName());
            }
        }
        assertEquals(all, described);
    }

    /** Static state as it must not be. */
    static final class Bad {
        static int counter;
        static final ThreadLocal<String> LOCAL = new ThreadLocal<>();
    }

    /** A CPU backend's classes where they must not be. */
    static final class NamesJavaCpp {
        static final Class<?> TYPE = Pointer.class;
    }

    static final class NamesNativeBlas {
        static final Class<?> TYPE = NativeOpsHolder.class;
    }

    @Test
    void theRulesCanFail() {
        assertTrue(lacuna.contain(REGISTRATION), "the registration class has another name now");
        JavaClasses bad = new ClassFileImporter().importClasses(Bad.class);
        assertThrows(AssertionError.class, () -> STATIC_IS_FINAL.check(bad));
        assertThrows(AssertionError.class, () -> STATIC_HOLDS_NO_STATE.check(bad));
        for (Class<?> named : List.of(NamesJavaCpp.class, NamesNativeBlas.class)) {
            JavaClasses engine = new ClassFileImporter().importClasses(named);
            assertThrows(AssertionError.class, () -> ONLY_THE_CPU_DEVICE.check(engine));
        }
        JavaClasses cli = new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests()).importPackages("org.lacuna.cli");
        assertThrows(AssertionError.class, () -> noClasses().should().dependOnClassesThat().resideInAPackage("org.lacuna.run..").check(cli));
    }

    private static String packages(String module) {
        return "org.lacuna." + module + "..";
    }
}
