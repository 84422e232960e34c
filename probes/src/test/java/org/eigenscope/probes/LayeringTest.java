package org.eigenscope.probes;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.eigenscope.probes.curvature.Curvature;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** The arrows between the packages of this module, and what none of them may know. */
class LayeringTest {
  private static final String ROOT = "org.eigenscope";
  private static final String FRONT_DOOR = ROOT + ".probes";
  private static final String LINALG = ROOT + ".probes.linalg";
  private static final String CURVATURE = ROOT + ".probes.curvature";
  private static final String DIFFERENCE = ROOT + ".probes.curvature.difference";
  private static final String TANGENT = ROOT + ".probes.curvature.tangent";
  private static final String KERNEL = ROOT + ".probes.kernel";
  private static final String STRUCTURE = ROOT + ".probes.structure";

  /** Each package of the module with the packages of the project that it may depend on. */
  private static final Map<String, Set<String>> ARROWS =
      Map.of(
          KERNEL, Set.of(),
          LINALG, Set.of(KERNEL),
          CURVATURE, Set.of(LINALG, KERNEL, DIFFERENCE, TANGENT),
          DIFFERENCE, Set.of(CURVATURE, LINALG),
          TANGENT, Set.of(CURVATURE, LINALG, KERNEL),
          STRUCTURE, Set.of(CURVATURE, LINALG),
          FRONT_DOOR, Set.of(STRUCTURE, CURVATURE, LINALG));

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(ROOT);

  @Test
  void everyPackageHasItsArrows() {
    assertThat(CLASSES.stream().map(JavaClass::getPackageName).collect(toSet()))
        .isEqualTo(ARROWS.keySet());
  }

  @Test
  void packagesDependOnlyOnWhatTheArrowsAllow() {
    Set<String> violations = new TreeSet<>();
    for (JavaClass from : CLASSES) {
      for (Dependency dependency : from.getDirectDependenciesFromSelf()) {
        String target = dependency.getTargetClass().getBaseComponentType().getPackageName();
        boolean ours = target.equals(ROOT) || target.startsWith(ROOT + ".");
        if (ours
            && !target.equals(from.getPackageName())
            && !ARROWS.get(from.getPackageName()).contains(target)) {
          violations.add(dependency.getDescription());
        }
      }
    }
    assertThat(violations).isEmpty();
  }

  /** The one cycle: the front door of curvature makes the engines, which implement its contract. */
  @Test
  void onlyCurvatureItselfMakesAnEngine() {
    noClasses()
        .that()
        .resideInAPackage(CURVATURE)
        .and()
        .doNotBelongToAnyOf(Curvature.class)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(DIFFERENCE, TANGENT)
        .check(CLASSES);
  }

  @Test
  void linearAlgebraKnowsNothingOfNetworks() {
    noClasses()
        .that()
        .resideInAPackage(LINALG)
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.deeplearning4j..")
        .check(CLASSES);
  }

  @Test
  void nothingNamesABackend() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.nd4j.linalg.cpu..", "org.nd4j.linalg.jcublas..", "org.nd4j.jita..")
        .check(CLASSES);
  }

  @Test
  void everyPackageIsNullMarked() {
    Set<String> unmarked = new TreeSet<>();
    for (JavaClass type : CLASSES) {
      if (type.getPackage().tryGetAnnotationOfType(NullMarked.class).isEmpty()) {
        unmarked.add(type.getPackageName());
      }
    }
    assertThat(unmarked).isEmpty();
  }
}
