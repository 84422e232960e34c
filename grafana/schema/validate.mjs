// Validates dashboards against the types that Grafana publishes as @grafana/schema, in the versions
// of package.json, turned into JSON schemas that refuse what they do not know:
//
//   node validate.mjs DASHBOARD.json...
//
// Prints what is wrong, a line each, and exits with 1 if anything is.
import { Ajv } from "ajv";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createGenerator } from "ts-json-schema-generator";

const here = dirname(fileURLToPath(import.meta.url));
const versions = ["grafana-10.4", "grafana-13.2"];

// Type of panel in a dashboard: its folder and the name of its file.
const panels = {
  heatmap: "heatmap/panelcfg/x/HeatmapPanelCfg",
  stat: "stat/panelcfg/x/StatPanelCfg",
  "state-timeline": "statetimeline/panelcfg/x/StateTimelinePanelCfg",
  table: "table/panelcfg/x/TablePanelCfg",
  timeseries: "timeseries/panelcfg/x/TimeSeriesPanelCfg",
};
// Not in every version: Prometheus became a plugin with types of its own.
const query = "prometheus/dataquery/x/PrometheusDataQuery";

// Of a data source's annotations the types know Grafana's own only, and say so.
const prometheusAnnotation = new Set(["expr", "step", "tagKeys", "textFormat", "titleFormat"]);

/** Returns the first of some type declarations of a version that is there. */
function declarations(version, candidates) {
  return candidates
    .map((path) => join(here, "node_modules", version, "dist", path))
    .find((path) => existsSync(`${path}.d.ts`));
}

function composable(version, name) {
  return declarations(version, [
    `esm/raw/composable/${name}_types.gen`,
    `types/raw/composable/${dirname(name)}/types.gen`,
  ]);
}

/** Returns validators of a version, by name. */
function validators(version, scratch) {
  const lines = [];
  const names = [];
  const declare = (name, path, type) => {
    // Of panels that have no field options, for example.
    const interfaces = path ? readFileSync(`${path}.d.ts`, "utf8") : "";
    if (new RegExp(`export interface ${type}\\b`).test(interfaces)) {
      lines.push(`import type { ${type} as ${name}_ } from ${JSON.stringify(path)};`);
      lines.push(`export type ${name} = ${name}_;`);
      names.push(name);
    }
  };
  const dashboard = declarations(version, [
    "esm/raw/dashboard/x/dashboard_types.gen",
    "types/raw/dashboard/x/types.gen",
  ]);
  declare("Dashboard", dashboard, "Dashboard");
  declare("Panel", dashboard, "Panel");
  declare("Field", dashboard, "FieldConfig");
  declare("PrometheusQuery", composable(version, query), "PrometheusDataQuery");
  for (const [panel, name] of Object.entries(panels)) {
    declare(`${identifier(panel)}Options`, composable(version, name), "Options");
    declare(`${identifier(panel)}Custom`, composable(version, name), "FieldConfig");
  }
  const entry = join(scratch, `${version}.ts`);
  writeFileSync(entry, lines.join("\n"));
  const tsconfig = join(scratch, `${version}.json`);
  const index = declarations(version, ["index", "types/index"]);
  writeFileSync(
    tsconfig,
    JSON.stringify({
      // The declarations name their own package, under the name that it has elsewhere.
      compilerOptions: {
        strict: true,
        module: "esnext",
        moduleResolution: "bundler",
        types: [],
        paths: { "@grafana/schema": [index] },
      },
      files: [entry],
    }),
  );
  const generator = createGenerator({ path: entry, tsconfig, skipTypeCheck: true, topRef: false });
  const all = {};
  for (const name of names) {
    const schema = generator.createSchema(name);
    // Grafana fills in what the options of a panel leave out.
    all[name] = new Ajv({ allErrors: true, strict: false }).compile(
      name === "Dashboard" || name === "Panel" ? schema : withoutRequired(schema),
    );
  }
  return all;
}

function identifier(panel) {
  return panel.replace("-", "_");
}

function withoutRequired(schema) {
  if (Array.isArray(schema)) {
    return schema.map(withoutRequired);
  }
  if (schema === null || typeof schema !== "object") {
    return schema;
  }
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([key, value]) => !(key === "required" && Array.isArray(value)))
      .map(([key, value]) => [key, withoutRequired(value)]),
  );
}

/** Returns what is wrong with a dashboard. */
function findings(dashboard, validators) {
  const found = [];
  const check = (name, value, where) => {
    const validate = validators[name];
    if (value !== undefined && validate && !validate(value)) {
      for (const error of validate.errors) {
        found.push(`${where}${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`);
      }
    }
  };
  const annotations = (dashboard.annotations?.list ?? []).map((annotation) =>
    annotation.datasource?.type === "prometheus"
      ? Object.fromEntries(Object.entries(annotation).filter(([key]) => !prometheusAnnotation.has(key)))
      : annotation,
  );
  check("Dashboard", { ...dashboard, annotations: { list: annotations }, panels: [] }, "dashboard");
  for (const panel of dashboard.panels ?? []) {
    const where = `panel "${panel.title}"`;
    check("Panel", panel, where);
    if (!(panel.type in panels)) {
      found.push(`${where}/type must be one of ${Object.keys(panels)}, got ${panel.type}`);
      continue;
    }
    const custom = (value, place) => {
      if (value !== undefined && !validators[`${identifier(panel.type)}Custom`]) {
        found.push(`${where}${place} must be absent: this type of panel has no field options`);
      }
      check(`${identifier(panel.type)}Custom`, value, where + place);
    };
    check(`${identifier(panel.type)}Options`, panel.options, `${where}/options`);
    custom(panel.fieldConfig?.defaults?.custom, "/fieldConfig/defaults/custom");
    for (const override of panel.fieldConfig?.overrides ?? []) {
      for (const { id, value } of override.properties) {
        const place = `/fieldConfig/overrides/${id}`;
        if (id.startsWith("custom.")) {
          custom(nested(id.substring("custom.".length), value), place);
        } else {
          check("Field", nested(id, value), where + place);
        }
      }
    }
    for (const target of panel.targets ?? []) {
      check("PrometheusQuery", target, `${where}/targets/${target.refId}`);
    }
  }
  return found;
}

/** Returns {a: {b: value}} for "a.b". */
function nested(path, value) {
  return path.split(".").reduceRight((inner, key) => ({ [key]: inner }), value);
}

const scratch = mkdtempSync(join(here, "node_modules", ".validate-"));
try {
  for (const version of versions) {
    const compiled = validators(version, scratch);
    for (const file of process.argv.slice(2)) {
      const found = findings(JSON.parse(readFileSync(file, "utf8")), compiled);
      found.forEach((finding) => console.log(`${basename(file)}, ${version}: ${finding}`));
      process.exitCode = found.length > 0 ? 1 : process.exitCode;
    }
    console.log(`${version}: ${Object.keys(compiled).length} types`);
  }
} finally {
  rmSync(scratch, { recursive: true });
}
