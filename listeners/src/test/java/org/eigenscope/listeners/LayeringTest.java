package org.eigenscope.listeners;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** The arrows between the packages of this module, and what none of them may know. */
class LayeringTest {
  private static final String LISTENERS = "org.eigenscope.listeners";
  private static final String METRICS = LISTENERS + ".metrics";
  private static final String JOURNAL = LISTENERS + ".journal";
  private static final String ALERTS = LISTENERS + ".alerts";
  private static final String WEB = LISTENERS + ".web";
  private static final String NORMALIZATION = LISTENERS + ".normalization";

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(LISTENERS);

  @Test
  void thePackagesAreThese() {
    assertThat(CLASSES.stream().map(JavaClass::getPackageName).collect(toSet()))
        .containsExactlyInAnyOrder(LISTENERS, METRICS, JOURNAL, ALERTS, WEB, NORMALIZATION);
  }

  @Test
  void theListenerKnowsNoSinkOfTheSubpackages() {
    noClasses()
        .that()
        .resideInAPackage(LISTENERS)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(METRICS, JOURNAL, ALERTS, WEB)
        .check(CLASSES);
  }

  @Test
  void twinsKnowNoListeners() {
    noClasses()
        .that()
        .resideInAPackage(NORMALIZATION)
        .should()
        .dependOnClassesThat()
        .resideInAPackage(LISTENERS)
        .check(CLASSES);
  }

  /** The page shows alerts, writes journal lines, and is served beside the metrics. */
  @Test
  void subpackagesKnowNothingOfEachOtherButForThePage() {
    SlicesRuleDefinition.slices()
        .matching(LISTENERS + ".(*)..")
        .should()
        .notDependOnEachOther()
        .ignoreDependency(resideInAPackage(WEB), resideInAnyPackage(JOURNAL, ALERTS))
        .ignoreDependency(resideInAPackage(METRICS), resideInAPackage(WEB))
        .check(CLASSES);
  }

  @Test
  void onlyMetricsKnowsMicrometerAndPrometheus() {
    noClasses()
        .that()
        .resideOutsideOfPackage(METRICS)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.micrometer..", "io.prometheus..")
        .check(CLASSES);
  }

  @Test
  void onlyTheJournalAndThePageKnowJson() {
    noClasses()
        .that()
        .resideOutsideOfPackages(JOURNAL, WEB)
        .should()
        .dependOnClassesThat()
        .resideInAPackage("com.fasterxml.jackson..")
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
