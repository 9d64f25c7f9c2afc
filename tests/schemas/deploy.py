#!/usr/bin/env python3
"""Checks the files of `deploy` for Docker Compose and Kubernetes, without either program.

Schemas find misspelt keys; the checks here find names that lead nowhere: a volume, port, label or service that another
place names, images without a version, and commands that finews does not know.

    python3 tests/schemas/deploy.py --finews target/debug/finews --compose-schema FILE

The package `dclint` has the schema of the Compose specification. `kubernetes-validate` has those of Kubernetes, and the
step "deployment" of `.ci/run` calls it. The exit code is 1 if a file has a problem."""

import argparse
import json
import pathlib
import re
import subprocess

import jsonschema
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMPOSE_FILES = ["compose.yaml", "deploy/compose.yaml"]
KUBERNETES_FILE = "deploy/kubernetes.yaml"
# A reference to a variable, and the part of it that names a message for a missing value.
VARIABLE = re.compile(r"\$\{(\w+)([^}]*)\}")


def read(file):
    return (ROOT / file).read_text(encoding="utf-8")


def names(value):
    """The keys of a mapping or the items of a list; none of an absent value."""
    return set(value or ())


def check_command(finews, arguments):
    """Yields a problem if finews does not know these arguments. It prints the help without looking at their values."""
    parsed = subprocess.run([finews, *arguments, "--help"], capture_output=True, text=True, check=False)
    if parsed.returncode:
        yield f"finews {' '.join(arguments)}: {parsed.stderr.strip().partition(chr(10))[0]}"


def check_compose(file, schema, finews):
    """Yields the problems of a compose file."""
    text = read(file)
    content = yaml.safe_load(text)
    for error in jsonschema.Draft7Validator(schema).iter_errors(content):
        yield f"{error.json_path}: {error.message}"
    for variable, rest in VARIABLE.findall(text):
        if not rest.startswith(":?"):
            yield f"{variable} has a default, or no message for a missing value"
    services = content["services"]
    declared = {kind: names(content.get(kind)) for kind in ("volumes", "networks", "configs", "secrets")}
    for name, service in services.items():
        used = {
            "volumes": {volume.split(":")[0] for volume in service.get("volumes", [])},
            "networks": names(service.get("networks")),
            "configs": {config["source"] for config in service.get("configs", [])},
            "secrets": names(service.get("secrets")),
        }
        # A host's path and a variable name no volume.
        used["volumes"] = {volume for volume in used["volumes"] if re.match(r"[\w-]+$", volume)}
        for kind, of_kind in used.items():
            for missing in of_kind - declared[kind]:
                yield f"{name}: {kind} has no {missing}"
        build, image = service.get("build"), service.get("image", "")
        if build is None and not image:
            yield f"{name}: neither image nor build"
        if build is not None and not (ROOT / file).parent.joinpath(build, "Dockerfile").is_file():
            yield f"{name}: no Dockerfile in {build}"
        if image and not re.search(r":\d[\w.-]*$", image):
            yield f"{name}: {image} has no version"
        if build is not None:
            yield from check_command(finews, service.get("command", ["serve"]))
        shared = service.get("network_mode", "").removeprefix("service:")
        for missing in (names(service.get("depends_on")) | names([shared] if shared else [])) - names(services):
            yield f"{name}: no service {missing}"
    proxy = content.get("configs", {}).get("caddyfile", {}).get("content", "")
    for target in re.findall(r"reverse_proxy ([^{]*)", proxy):
        for upstream in target.split():
            if not re.fullmatch(r"(.+):\d+", upstream) or upstream.split(":")[0] not in services:
                yield f"caddyfile: no service {upstream}"
    proxy = VARIABLE.sub("news.example.org", proxy)
    caddy = ["caddy", "adapt", "--adapter", "caddyfile", "--config", "/dev/stdin"]
    adapted = subprocess.run(caddy, input=proxy, capture_output=True, text=True, check=False)
    if adapted.returncode:
        yield f"caddyfile: {adapted.stderr.strip()}"


def check_kubernetes(file, finews):
    """Yields the problems of references among the objects of a file."""
    objects = [item for item in yaml.safe_load_all(read(file)) if item]
    named = {(item["kind"], item["metadata"]["name"]): item for item in objects}
    pods = {}
    for item in objects:
        spec = item.get("spec", {})
        # A CronJob holds a template of a Job, and that one a template of a pod.
        spec = spec.get("jobTemplate", {}).get("spec", spec)
        if "template" in spec:
            pods[item["kind"], item["metadata"]["name"]] = spec["template"]
    for (kind, name), template in pods.items():
        for problem in check_pod(template["spec"], named, finews):
            yield f"{kind} {name}: {problem}"
    for (kind, name), item in named.items():
        selector = item.get("spec", {}).get("selector", {})
        selector = selector.get("matchLabels", selector).items()
        selected = [pod for pod in pods.values() if selector <= pod["metadata"].get("labels", {}).items()]
        if kind in ("Deployment", "Service", "PodDisruptionBudget") and not (selector and selected):
            yield f"{kind} {name}: the selector matches no pod"
        ports = {port["name"] for pod in selected for part in pod["spec"]["containers"] for port in part.get("ports", [])}
        for port in item["spec"].get("ports", []) if kind == "Service" else []:
            if port["targetPort"] not in ports:
                yield f"{kind} {name}: no port {port['targetPort']}"


def check_pod(spec, named, finews):
    """Yields the problems of a pod. `named` has all objects of the file, by kind and name."""
    volumes = {volume["name"] for volume in spec.get("volumes", [])}
    if ("ServiceAccount", spec.get("serviceAccountName")) not in named:
        yield f"no service account {spec.get('serviceAccountName')}"
    for container in spec["containers"]:
        if not re.search(r":\d[\w.-]*$", container["image"]):
            yield f"{container['image']} has no version"
        yield from check_command(finews, container["args"])
        for mount in container.get("volumeMounts", []):
            if mount["name"] not in volumes:
                yield f"no volume {mount['name']}"
        ports = {port["name"] for port in container.get("ports", [])}
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            if probe in container and container[probe]["httpGet"]["port"] not in ports:
                yield f"{probe}: no port {container[probe]['httpGet']['port']}"
        variables = {variable["name"] for variable in container.get("env", [])}
        for source in container.get("envFrom", []):
            reference = source.get("configMapRef") or source.get("secretRef")
            kind = "ConfigMap" if "configMapRef" in source else "Secret"
            if (kind, reference["name"]) in named:
                variables |= names(named[kind, reference["name"]].get("data"))
            elif not reference.get("optional"):
                yield f"no {kind} {reference['name']}"
        for argument in container["args"]:
            for variable in re.findall(r"\$\((\w+)\)", argument):
                if variable not in variables:
                    yield f"no variable {variable}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--finews", required=True, help="the program")
    parser.add_argument("--compose-schema", required=True, type=pathlib.Path, help="JSON schema of compose files")
    options = parser.parse_args()
    schema = json.loads(options.compose_schema.read_text(encoding="utf-8"))
    problems = {file: list(check_compose(file, schema, options.finews)) for file in COMPOSE_FILES}
    problems[KUBERNETES_FILE] = list(check_kubernetes(KUBERNETES_FILE, options.finews))
    for file, of_file in problems.items():
        print(f"{file}: {len(of_file)} problems")
        for problem in of_file:
            print(f"  {problem}")
    raise SystemExit(any(problems.values()))


main()
