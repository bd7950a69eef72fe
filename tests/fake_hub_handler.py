"""What the small Hub of `fake_hub` answers to each request of the real client."""

import base64
import hashlib
import json
import re
import threading
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.fake_hub import LARGE, TOKEN, Fault, Files, Hub, Repo


class Handler(BaseHTTPRequestHandler):
    """One request."""

    hub: Hub
    protocol_version = "HTTP/1.1"
    wbufsize = 2**16  # headers and body in one packet: the system else waits between them
    disable_nagle_algorithm = True
    fault: Fault | None

    def do_GET(self) -> None:
        self.handle_request()

    do_HEAD = do_POST = do_PUT = do_GET

    def log_message(self, *_: Any) -> None:
        """Nothing on standard error."""

    def handle_request(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.hub.requests.append(f"{self.command} {path}")
        self.fault = self.hub.fault(f"{self.command} {path}")
        if self.fault:
            threading.Event().wait(self.fault.delay)  # not `time.sleep`, which tests take from the client
            if self.fault.status:
                self.fail(self.fault.status, "", "a fault made on purpose")
                return
        for pattern, method in ROUTES:
            if match := re.fullmatch(pattern, f"{self.command} {path}"):
                getattr(self, method)(**match.groupdict())
                return
        self.fail(404, "", f"no such address: {path}")

    # Answers

    def answer(self, content: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if self.fault and self.fault.cut_after is not None:
            self.wfile.write(content[: self.fault.cut_after])
            self.close_connection = True
            return
        self.wfile.write(content)

    def json(self, value: Any, status: int = 200, **headers: str) -> None:
        self.answer(json.dumps(value).encode(), status, Content_Type="application/json", **headers)

    def fail(self, status: int, code: str, message: str) -> None:
        self.json({"error": message}, status, X_Error_Code=code, X_Error_Message=message)

    def repo(self, kind: str | None, name: str) -> Repo | None:
        """The repo, if there is one and the client may see it; else answers why not."""
        found = self.hub.repos.get(((kind or "model").rstrip("s"), name))
        if self.headers.get("Authorization") == f"Bearer {TOKEN}" and found:
            return found
        if found is None or found.private:
            self.fail(401, "RepoNotFound", "Repository not found")
            return None
        if found.gated or self.command in ("POST", "PUT"):
            self.fail(401, "GatedRepo" if found.gated else "", "Access to it is restricted")
            return None
        return found

    def at(self, kind: str | None, name: str, revision: str) -> tuple[str, Files] | None:
        """The commit and its files, or answers why not."""
        repo = self.repo(kind, name)
        if repo is None:
            return None
        sha = repo.resolve(revision)
        if sha is None:
            self.fail(404, "RevisionNotFound", f"Invalid rev id: {revision}")
            return None
        return sha, repo.commits[sha]

    # Pull

    def info(self, kind: str, name: str, revision: str = "main") -> None:
        if found := self.at(kind, name, revision):
            sha, files = found
            self.json({"id": name, "sha": sha, "siblings": [{"rfilename": path} for path in files]})

    def tree(self, kind: str, name: str, revision: str) -> None:
        if found := self.at(kind, name, revision):
            self.json([entry(path, content) for path, content in found[1].items()])

    def refs(self, kind: str, name: str) -> None:
        if repo := self.repo(kind, name):
            tags = [{"name": tag, "ref": f"refs/tags/{tag}", "targetCommit": sha} for tag, sha in repo.tags.items()]
            main = {"name": "main", "ref": "refs/heads/main", "targetCommit": repo.head}
            self.json({"branches": [main], "converts": [], "tags": tags})

    def file(self, kind: str | None, name: str, revision: str, path: str) -> None:
        found = self.at(kind, name, revision)
        if not found:
            return
        sha, files = found
        if path not in files:
            self.fail(404, "EntryNotFound", "Entry not found")
            return
        content, headers = files[path], {"ETag": f'"{etag(path, files[path])}"', "X_Repo_Commit": sha}
        if span := re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or ""):
            start = int(span[1])
            headers["Content_Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self.answer(content[start:], 206, **headers)
        else:
            self.answer(content, **headers)

    # Push

    def create(self) -> None:
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.fail(401, "", "Invalid credentials")
            return
        wanted = json.loads(self.body)
        key = (wanted.get("type") or "model", f"{wanted['organization']}/{wanted['name']}")
        url = f"{self.hub.url}/{'spaces/' if key[0] == 'space' else ''}{key[1]}"
        if key in self.hub.repos:
            self.json({"error": "You already created this repo", "url": url}, 409)
            return
        self.hub.add(key[1], {".gitattributes": b""}, key[0], private=wanted.get("visibility") == "private")
        self.json({"url": url, "name": key[1]})

    def validate(self) -> None:
        """As strict as what is known of the Hub's own check of a card's front matter."""
        import yaml

        wanted = json.loads(self.body)
        match = re.match(r"---\n(.*?)\n---\n", wanted["content"], re.DOTALL)
        values = yaml.safe_load(match[1]) if match else {}
        wrong = [f'"{key}" must be a list' for key in ("tags", "models") if not isinstance(values.get(key, []), list)]
        if values.get("license") == "other" and not re.match(
            r"LICENSE(\.md)?$|https://", values.get("license_link", "")
        ):
            wrong.append('"license_link" must be LICENSE, LICENSE.md or an address')
        for result in (result for each in values.get("model-index", []) for result in each["results"]):
            if not {"type", "name"} <= result["dataset"].keys() or "type" not in result["task"]:
                wrong.append('"model-index" results must name task and dataset')
            wrong += ['"value" must be a number' for m in result["metrics"] if not isinstance(m["value"], int | float)]
        if wanted["repoType"] == "space":
            wrong += [f'"{key}" is required' for key in ("sdk", "sdk_version", "app_file") if key not in values]
            if len(values.get("short_description", "")) > 60:
                wrong.append('"short_description" length must be at most 60')
        self.json({"errors": [{"message": each} for each in wrong], "warnings": []}, 400 if wrong else 200)

    def preupload(self, kind: str, name: str) -> None:
        if repo := self.repo(kind, name):
            self.json({"files": [preuploaded(each["path"], repo) for each in json.loads(self.body)["files"]]})

    def lfs_batch(self, kind: str | None, name: str) -> None:
        if self.repo(kind, name):
            self.json(
                {"transfer": "basic", "objects": [self.lfs_action(each) for each in json.loads(self.body)["objects"]]}
            )

    def lfs_action(self, wanted: dict[str, Any]) -> dict[str, Any]:
        known = wanted["oid"] in self.hub.large
        return wanted if known else {**wanted, "actions": {"upload": {"href": f"{self.hub.url}/lfs/{wanted['oid']}"}}}

    def lfs_put(self, oid: str) -> None:
        if hashlib.sha256(self.body).hexdigest() != oid:
            self.fail(400, "", "The content does not match its hash")
            return
        self.hub.large[oid] = self.body
        self.answer(b"")

    def commit(self, kind: str, name: str) -> None:
        repo = self.repo(kind, name)
        if repo is None:
            return
        files = dict(repo.files)
        for line in map(json.loads, self.body.splitlines()):
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.hub.large[value["oid"]]
            elif line["key"] == "deletedFile":
                del files[value["path"]]
        sha = repo.commit(files)
        self.json({"success": True, "commitOid": sha, "commitUrl": f"{self.hub.url}/{name}/commit/{sha}"})

    def tag(self, kind: str, name: str, revision: str) -> None:
        if found := self.at(kind, name, revision):
            tags, tag = self.hub.repos[kind.rstrip("s"), name].tags, json.loads(self.body)["tag"]
            if tag in tags:
                self.fail(409, "", "Tag reference exists already")
                return
            tags[tag] = found[0]
            self.json({})


REPO_ID = r"(?P<name>[\w.-]+/[\w.-]+)"
API = rf"/api/(?P<kind>models|spaces)/{REPO_ID}"
WEB = rf"/((?P<kind>spaces)/)?{REPO_ID}"
ROUTES = (
    (rf"GET {API}", "info"),
    (rf"GET {API}/revision/(?P<revision>.+)", "info"),
    (rf"GET {API}/tree/(?P<revision>[^/]+)", "tree"),
    (rf"GET {API}/refs", "refs"),
    (rf"(GET|HEAD) {WEB}/resolve/(?P<revision>[^/]+)/(?P<path>.+)", "file"),
    (r"POST /api/repos/create", "create"),
    (r"POST /api/validate-yaml", "validate"),
    (rf"POST {API}/preupload/main", "preupload"),
    (rf"POST {WEB}\.git/info/lfs/objects/batch", "lfs_batch"),
    (r"PUT /lfs/(?P<oid>\w+)", "lfs_put"),
    (rf"POST {API}/commit/main", "commit"),
    (rf"POST {API}/tag/(?P<revision>.+)", "tag"),
)


def etag(path: str, content: bytes) -> str:
    """SHA-256 of a large file; git's own hash of a small one."""
    if is_large(path):
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def is_large(path: str) -> bool:
    return any(fnmatch(path, pattern) for pattern in LARGE)


def entry(path: str, content: bytes) -> dict[str, Any]:
    found = {"type": "file", "path": path, "size": len(content), "oid": etag("", content)}
    if is_large(path):
        found["lfs"] = {"oid": etag(path, content), "size": len(content), "pointerSize": 134}
    return found


def preuploaded(path: str, repo: Repo) -> dict[str, Any]:
    known = {"oid": etag(path, repo.files[path])} if path in repo.files else {}
    return {"path": path, "uploadMode": "lfs" if is_large(path) else "regular", "shouldIgnore": False, **known}
