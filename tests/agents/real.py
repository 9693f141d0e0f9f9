#!/usr/bin/env python3
"""Lets real coding agents run keysweep's hooks: python3 tests/agents/real.py KEYSWEEP [AGENT...]

Each agent is given a model that a server on this machine makes up, which asks for one command: to print a file with a made-up
secret. Without hooks the secret has to come back in what the agent sends to the model, which shows that the test sees it; with
the hooks that 'keysweep hook install' writes it may not, and its label has to. An agent that is not on PATH, nor below
KEYSWEEP_RUNNERS (a folder that 'npm install' filled), is skipped, which is said and makes the exit code 77 if none was left.

    npm install --prefix /tmp/runners --ignore-scripts @anthropic-ai/claude-code @openai/codex @google/gemini-cli @github/copilot
    KEYSWEEP_RUNNERS=/tmp/runners python3 tests/agents/real.py target/debug/keysweep
"""

import http.server
import json
import os
import pathlib
import random
import shutil
import string
import subprocess
import sys
import tempfile
import threading

COMMAND = "cat app.env"


def events(pairs):
    return "".join(f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n" for name, data in pairs)


def anthropic(request):
    """The Messages API: <https://platform.claude.com/docs/en/api/messages>."""
    contents = [message["content"] for message in request.get("messages", [])]
    is_over = any(part.get("type") == "tool_result" for content in contents if isinstance(content, list) for part in content)
    name = next((tool["name"] for tool in request.get("tools", []) if tool.get("name", "").lower() == "bash"), None)
    start = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [], "stop_reason": None,
             "stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 1}}
    if name and not is_over:
        block, reason = {"type": "tool_use", "id": "toolu_1", "name": name, "input": {}}, "tool_use"
        delta = {"type": "input_json_delta", "partial_json": json.dumps({"command": COMMAND, "description": "print"})}
    else:
        block, reason, delta = {"type": "text", "text": ""}, "end_turn", {"type": "text_delta", "text": "done"}
    if not request.get("stream"):
        whole = {"type": "text", "text": "done"} if block["type"] == "text" else {**block, "input": {"command": COMMAND}}
        return "application/json", json.dumps({**start, "content": [whole], "stop_reason": reason})
    return "text/event-stream", events([
        ("message_start", {"message": start}),
        ("content_block_start", {"index": 0, "content_block": block}),
        ("content_block_delta", {"index": 0, "delta": delta}),
        ("content_block_stop", {"index": 0}),
        ("message_delta", {"delta": {"stop_reason": reason, "stop_sequence": None}, "usage": {"output_tokens": 1}}),
        ("message_stop", {}),
    ])


def openai(request):
    """The Responses API: <https://platform.openai.com/docs/api-reference/responses>."""
    is_over = any(item.get("type", "").endswith("_call_output") for item in request.get("input", []))
    names = [tool.get("name") for tool in request.get("tools", [])]
    if is_over:
        item = {"type": "message", "id": "m_1", "role": "assistant", "content": [{"type": "output_text", "text": "done"}]}
    else:
        forms = {"exec_command": {"cmd": COMMAND}, "shell_command": {"command": COMMAND}}
        name = next((name for name in forms if name in names), "shell")
        call = forms.get(name, {"command": ["sh", "-c", COMMAND]})
        item = {"type": "function_call", "id": "f_1", "call_id": "c_1", "name": name, "arguments": json.dumps(call)}
    usage = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
    response = {"id": "r_1", "object": "response", "status": "completed", "output": [item], "usage": usage}
    return "text/event-stream", events([
        ("response.created", {"response": {"id": "r_1"}}),
        ("response.output_item.done", {"output_index": 0, "item": item}),
        ("response.completed", {"response": response}),
    ])


def gemini(request):
    """The Gemini API: <https://ai.google.dev/api/generate-content>."""
    parts = [part for content in request.get("contents", []) for part in content.get("parts", [])]
    part = {"text": "done"}
    if request.get("tools") and not any("functionResponse" in part for part in parts):
        part = {"functionCall": {"name": "run_shell_command", "args": {"command": COMMAND, "description": "print"}}}
    usage = {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}
    candidate = {"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}
    return "gemini", json.dumps({"candidates": [candidate], "usageMetadata": usage, "totalTokens": 1})


class Model(http.server.BaseHTTPRequestHandler):
    """A model that asks for one command and then is done; it keeps all that it is sent."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        self.answer("application/json", '{"data": [], "models": []}')

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.server.sent.append(body)
        try:
            request = json.loads(body)
        except ValueError:
            return self.answer("application/json", "{}")
        if "count_tokens" in self.path:
            return self.answer("application/json", '{"input_tokens": 1}')
        speaks = {"/v1/messages": anthropic, "/v1/responses": openai, "/v1beta": gemini, "/v1/models": gemini}
        speak = next((speak for path, speak in speaks.items() if self.path.startswith(path)), None)
        kind, text = speak(request) if speak else ("application/json", "{}")
        if kind == "gemini":
            is_stream = "stream" in self.path
            kind, text = ("text/event-stream", f"data: {text}\n\n") if is_stream else ("application/json", text)
        self.answer(kind, text)

    def answer(self, kind, text):
        data = text.encode()
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def claude_code(url, home, project):
    return ["-p", "print the file", "--allowedTools", "Bash"], {
        "ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "none", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}


def codex(url, home, project):
    (home / ".codex").mkdir(exist_ok=True)
    (home / ".codex/config.toml").write_text(
        'model = "m"\nmodel_provider = "local"\n[model_providers.local]\nname = "local"\n'
        f'base_url = "{url}/v1"\nwire_api = "responses"\n[projects."{project}"]\ntrust_level = "trusted"\n')
    return ["exec", "--dangerously-bypass-approvals-and-sandbox", "--dangerously-bypass-hook-trust", "print the file"], {}


def gemini_cli(url, home, project):
    (home / ".gemini").mkdir(exist_ok=True)
    (home / ".gemini/settings.json").write_text('{"security": {"auth": {"selectedType": "gemini-api-key"}}}')
    return ["--approval-mode", "yolo", "-m", "gemini-2.5-flash", "-p", "print the file"], {
        "GOOGLE_GEMINI_BASE_URL": url, "GEMINI_API_KEY": "none", "GEMINI_CLI_TRUST_WORKSPACE": "true"}


def copilot(url, home, project):
    (home / ".copilot").mkdir(exist_ok=True)
    # It runs the hooks of a folder that is trusted.
    (home / ".copilot/config.json").write_text(json.dumps({"trustedFolders": [str(project)]}))
    return ["--allow-all-tools", "-p", "print the file"], {
        "COPILOT_PROVIDER_BASE_URL": url, "COPILOT_PROVIDER_TYPE": "anthropic", "COPILOT_PROVIDER_API_KEY": "none",
        "COPILOT_MODEL": "claude-sonnet-4.5", "COPILOT_OFFLINE": "true"}


AGENTS = {"claude": claude_code, "codex": codex, "gemini": gemini_cli, "copilot": copilot}


def runner(agent):
    """The program of an agent; of Claude Code the one that its package would link after it was installed."""
    folder = pathlib.Path(os.environ.get("KEYSWEEP_RUNNERS", "/nonexistent")) / "node_modules"
    inside = sorted(folder.glob("@anthropic-ai/claude-code-*/claude")) if agent == "claude" else [folder / ".bin" / agent]
    return next((str(path) for path in inside if path.exists()), None) or shutil.which(agent)


def sent_to_model(agent, program, keysweep, has_hooks, secret):
    """What an agent sends when it is asked to print the file."""
    with tempfile.TemporaryDirectory() as folder:
        home, project = pathlib.Path(folder) / "home", pathlib.Path(folder) / "project"
        for path in (home, project):
            path.mkdir()
        (project / "app.env").write_text(f"INTERNAL_SERVICE_SECRET={secret}\n")
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
        server.sent = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        arguments, variables = AGENTS[agent](f"http://127.0.0.1:{server.server_port}", home, project)
        path = os.pathsep.join([str(pathlib.Path(keysweep).resolve().parent), os.environ["PATH"]])
        environment = {"HOME": str(home), "PATH": path, "TMPDIR": folder, "NO_BROWSER": "1", **variables}
        subprocess.run(["git", "init", "--quiet"], cwd=project, env=environment, check=True)
        if has_hooks:
            install = ["keysweep", "hook", "install", "--agent", agent]
            subprocess.run(install, cwd=project, env=environment, check=True, capture_output=True)
        run = subprocess.run([program, *arguments], cwd=project, env=environment, stdin=subprocess.DEVNULL,
                             capture_output=True, timeout=120, check=False)
        server.shutdown()
        return b"\n".join(server.sent), run.stdout + run.stderr


def main():
    keysweep, wanted = sys.argv[1], sys.argv[2:] or list(AGENTS)
    failed, tried = False, 0
    for agent in wanted:
        program = runner(agent)
        if program is None:
            print(f"SKIPPED {agent}: its program is neither on PATH nor below KEYSWEEP_RUNNERS")
            continue
        tried += 1
        secret = "".join(random.choices(string.ascii_letters + string.digits, k=40))
        version = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout.split("\n")[0]
        sent, said = sent_to_model(agent, program, keysweep, False, secret)
        if secret.encode() not in sent:
            print(f"FAILED  {agent} {version}: it sent no secret without hooks, so nothing is shown:\n{said.decode(errors='replace')}")
            failed = True
            continue
        sent, said = sent_to_model(agent, program, keysweep, True, secret)
        is_masked = secret.encode() not in sent and b"[secret generic-secret" in sent
        failed |= not is_masked
        print(f"{'passed ' if is_masked else 'FAILED '} {agent} {version}: the secret is {'masked' if is_masked else 'not masked'}")
        if not is_masked:
            print(said.decode(errors="replace"))
    return 1 if failed else 0 if tried else 77


if __name__ == "__main__":
    sys.exit(main())
