"""The files for running gctail as a service: what they start is a call that gctail takes, with the least rights."""

import re
import shlex
import shutil
import subprocess

import pytest
import yaml
from kubernetes_validate import validate

from gctail.cli.options import reading_parser

K8S = "1.31"


def manifests(root):
    return {
        path.name: list(yaml.safe_load_all(path.read_text("utf-8")))
        for path in sorted((root / "config" / "kubernetes").glob("*.yaml"))
    }


def pods(root):
    """The pod of every manifest, and its containers of gctail."""
    for name, documents in manifests(root).items():
        for document in documents:
            pod = document["spec"] if document["kind"] == "Pod" else document["spec"]["template"]["spec"]
            every = [*pod.get("initContainers", ()), *pod["containers"]]
            yield name, pod, [each for each in every if each["image"].startswith("gctail:")]


def test_every_manifest_is_what_kubernetes_takes(root):
    known = manifests(root)
    assert set(known) == {"daemonset.yaml", "sidecar.yaml"}
    for documents in known.values():
        for document in documents:
            validate(document, K8S, strict=True)


def test_gctail_takes_the_arguments_that_the_manifests_give_it(root):
    for name, _, containers in pods(root):
        assert containers, name
        for container in containers:
            options = reading_parser().parse_args(container["args"])
            assert options.follow, name
            assert options.output == "jsonl", name
            assert options.state in {mount["mountPath"] for mount in container["volumeMounts"]}, name


def test_gctail_has_the_least_rights_there(root):
    for name, pod, containers in pods(root):
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["enableServiceLinks"] is False, name
        for container in containers:
            rights = container["securityContext"]
            assert rights["capabilities"] == {"drop": ["ALL"]}, name
            assert rights["readOnlyRootFilesystem"], name
            assert rights["allowPrivilegeEscalation"] is False, name
            writable = [mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")]
            assert len(writable) == 1, f"{name}: only its state is its own to write"


def test_probes_and_ports_are_those_of_the_address_that_it_listens_on(root):
    for name, _, containers in pods(root):
        for container in containers:
            (port,) = container["ports"]
            assert f"--listen=0.0.0.0:{port['containerPort']}" in container["args"], name
            for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
                if probe in container:
                    assert container[probe]["httpGet"]["path"] in {"/healthz", "/readyz"}


def unit(root):
    return (root / "config" / "systemd" / "gctail.service").read_text("utf-8")


def test_gctail_takes_the_call_of_the_systemd_unit(root):
    program, *arguments = shlex.split(re.search(r"^ExecStart=(.*)$", unit(root), re.MULTILINE)[1])
    assert program.endswith("/gctail")
    options = reading_parser().parse_args(arguments)
    assert options.follow
    assert re.search(r"^ExecReload=/bin/kill -HUP \$MAINPID$", unit(root), re.MULTILINE)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not on PATH")
def test_systemd_takes_the_unit_and_thinks_it_well_confined(root, tmp_path):
    path = tmp_path / "gctail.service"
    text = unit(root).replace("/usr/local/bin/gctail", "/bin/true").replace("Documentation=man:gctail(1)\n", "")
    path.write_text(text, "utf-8")
    told = subprocess.run(["systemd-analyze", "verify", path], capture_output=True, text=True, timeout=60, check=False)
    assert "gctail.service" not in told.stderr, told.stderr
    command = ["systemd-analyze", "security", "--offline=true", path]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    level = re.search(r"Overall exposure level for \S+: ([\d.]+)", told.stdout)
    assert level is not None, told
    assert float(level[1]) < 3


def test_the_container_installs_what_the_manifests_use_and_is_nobody(root):
    text = (root / "config" / "Containerfile").read_text("utf-8")
    assert "[kafka,web,zstd]" in text
    assert re.search(r"^USER 65532:65532$", text, re.MULTILINE)
    assert re.search(r'^ENTRYPOINT \["gctail"\]$', text, re.MULTILINE)
