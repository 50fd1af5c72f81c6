"""Writes a container image as an archive, without a daemon and reproducibly: same files, same bytes.

The archive is an OCI image layout with the index file of `docker save` beside it, so `docker load`, `podman load`, `ctr images
import` and skopeo all read it:

    oci-layout, index.json      OCI: names -> manifest
    manifest.json               docker: names -> configuration and layers
    blobs/sha256/...            manifest, configuration, layers

Layers are not compressed: whoever sends them to a registry compresses them, and no zlib version shows in the bytes.
Everything belongs to root and is writable by nobody else; times are the one given.
"""
import datetime
import hashlib
import io
import json
import pathlib
import platform
import posixpath
import tarfile

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
OCI = "application/vnd.oci.image"


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def write_tar(entries, epoch):
    """entries: [(name, mode, bytes, or None for a folder)], written in order of name: a folder comes before what it holds."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, mode, data in sorted(entries):
            info = tarfile.TarInfo(name)
            info.mode, info.mtime = mode, epoch
            if data is None:
                info.type = tarfile.DIRTYPE
                tar.addfile(info)
            else:
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


class Layer:
    """Files by absolute path. Folders on the way are made when the layer is written."""

    def __init__(self):
        self.files, self.folders = {}, {}

    def add(self, path, data, mode=0o644):
        assert path.startswith("/") and posixpath.normpath(path) == path, path
        self.files[path] = (mode, data)

    def add_folder(self, path, mode=0o755):
        self.folders[path] = mode

    def tar(self, epoch):
        folders = dict(self.folders)
        for path in [*self.files, *self.folders]:
            while (path := posixpath.dirname(path)) != "/":
                folders.setdefault(path, 0o755)
        entries = [(path[1:], mode, None) for path, mode in folders.items()]
        return write_tar(entries + [(path[1:], mode, data) for path, (mode, data) in self.files.items()], epoch)


class Image:
    def __init__(self, names, entrypoint, layers, *, user="", environment=(), labels=None, epoch=0):
        self.names, self.layers, self.epoch = list(names), list(layers), epoch
        self.labels = dict(labels or {})
        self.run = {"Entrypoint": list(entrypoint), "Env": list(environment), "User": user, "Labels": self.labels, "WorkingDir": "/"}

    def archive(self):
        blobs = {}

        def keep(data, media_type):
            digest = hashlib.sha256(data).hexdigest()
            blobs[f"blobs/sha256/{digest}"] = data
            return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(data)}

        layers = [keep(layer.tar(self.epoch), f"{OCI}.layer.v1.tar") for layer in self.layers]
        created = datetime.datetime.fromtimestamp(self.epoch, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        config = keep(canonical({
            "created": created, "architecture": ARCHITECTURES[platform.machine()], "os": "linux", "config": self.run,
            "rootfs": {"type": "layers", "diff_ids": [layer["digest"] for layer in layers]},
            "history": [{"created": created, "created_by": "pintle"} for _ in layers],
        }), f"{OCI}.config.v1+json")
        manifest = keep(canonical({"schemaVersion": 2, "mediaType": f"{OCI}.manifest.v1+json", "config": config, "layers": layers,
                                   "annotations": self.labels}), f"{OCI}.manifest.v1+json")
        index = {"schemaVersion": 2, "mediaType": f"{OCI}.index.v1+json", "manifests": [
            {**manifest, "annotations": {"io.containerd.image.name": name,
                                         "org.opencontainers.image.ref.name": name.rpartition(":")[2]}} for name in self.names]}

        def blob(descriptor):
            return "blobs/sha256/" + descriptor["digest"].removeprefix("sha256:")

        docker = [{"Config": blob(config), "RepoTags": self.names, "Layers": [blob(layer) for layer in layers]}]
        entries = [("blobs", 0o755, None), ("blobs/sha256", 0o755, None), ("oci-layout", 0o644, b'{"imageLayoutVersion":"1.0.0"}'),
                   ("index.json", 0o644, canonical(index)), ("manifest.json", 0o644, canonical(docker))]
        return write_tar(entries + [(name, 0o644, data) for name, data in blobs.items()], self.epoch)

    def write(self, path):
        """Whole or not at all: a reader never sees half an archive."""
        path = pathlib.Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(path.name + ".new")
        fresh.write_bytes(self.archive())
        fresh.rename(path)
