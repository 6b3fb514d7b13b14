"""Speaks with the server through the library websocket-client, which blocks and does not compress."""
import json

import websocket

from common import port, project, ticket


def until(socket, wanted):
    """The next message of a type."""
    while True:
        message = json.loads(socket.recv())
        if message["type"] == wanted:
            return message


one = ticket()
address = f"ws://127.0.0.1:{port}/ws/dashboard?ticket={one}"
socket = websocket.create_connection(address, timeout=20)
welcome = until(socket, "welcome")
assert "activities" in welcome["topics"] and "metrics" in welcome["topics"], welcome
made = project("seen by websocket-client")
update = until(socket, "project_update")
assert update["data"]["subject_id"] == made["id"], update
figures = until(socket, "metrics_update")
assert figures["data"]["live_connections"] is None or figures["data"]["live_connections"] >= 0, figures
socket.ping("payload")
while True:
    opcode, data = socket.recv_data(control_frame=True)
    if opcode == websocket.ABNF.OPCODE_PONG:
        assert data == b"payload", data
        break
socket.close(1000)

# A ticket is good once.
try:
    websocket.create_connection(address, timeout=20)
    raise AssertionError("the ticket was good twice")
except websocket.WebSocketBadStatusException as error:
    assert error.status_code == 401, error

# An oversized message is told so.
socket = websocket.create_connection(f"ws://127.0.0.1:{port}/ws?ticket={ticket()}", timeout=20)
socket.send("x" * 100_000)
while True:
    opcode, data = socket.recv_data(control_frame=True)
    if opcode == websocket.ABNF.OPCODE_CLOSE:
        assert data[:2] == (1009).to_bytes(2, "big"), data
        break
print("ok")
