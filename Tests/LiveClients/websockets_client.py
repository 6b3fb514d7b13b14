"""Speaks with the server through the library websockets (asyncio)."""
import asyncio
import json

import websockets

from common import basic, port, project


async def until(socket, wanted):
    """The next message of a type."""
    while True:
        message = json.loads(await asyncio.wait_for(socket.recv(), 20))
        if message["type"] == wanted:
            return message


async def subscribing():
    url = f"ws://127.0.0.1:{port}/ws"
    async with websockets.connect(url, extra_headers={"Authorization": basic}) as socket:
        assert [type(e).__name__ for e in socket.extensions] == ["PerMessageDeflate"], socket.extensions
        welcome = await until(socket, "welcome")
        assert welcome["topics"] == [] and welcome["position"] > 0, welcome
        # In fragments, between which the library may ping.
        parts = json.dumps({"type": "subscribe", "topics": ["projects"], "padding": "ü" * 1000})
        await socket.send([parts[:10], parts[10:500], parts[500:]])
        assert (await until(socket, "subscription_confirmed"))["topics"] == ["projects"]
        await asyncio.wait_for(await socket.ping(b"are you there"), 20)
        await socket.send('{"type":"ping"}')
        await until(socket, "pong")
        await socket.send('{"type":"get_status"}')
        status = await until(socket, "system_status")
        assert status["data"]["components"]["live"] == "healthy", status
        for text, code in [("nonsense", "malformed_json"), ('{"type":"x"}', "unknown_type"),
                           ('{"type":"subscribe","topics":["moon"]}', "unknown_topic"),
                           ('{"type":"auth","token":"no"}', "unauthenticated")]:
            await socket.send(text)
            assert (await until(socket, "error"))["code"] == code
        made = project("seen by websockets")
        update = await until(socket, "project_update")
        assert update["data"]["subject_id"] == made["id"], update
        assert update["data"]["kind"] == "project.created" and update["position"] > welcome["position"], update
        await socket.send('{"type":"unsubscribe","topics":["projects"]}')
        assert (await until(socket, "subscription_confirmed"))["topics"] == []
    assert socket.close_code == 1000, socket.close_code
    return update["position"]


async def resuming(position):
    names = [f"missed {number}" for number in range(5)]
    for name in names:
        project(name)
    url = f"ws://127.0.0.1:{port}/ws/projects?after={position}"
    async with websockets.connect(url, extra_headers={"Authorization": basic}, compression=None) as socket:
        assert socket.extensions == []
        got = [await until(socket, "project_update") for _ in names]
        assert [message["data"]["data"]["name"] for message in got] == names, got
        positions = [message["position"] for message in got]
        assert positions == sorted(set(positions)) and positions[0] > position, positions
        # From the beginning of the log, on the same connection.
        await socket.send('{"type":"resume","after":0}')
        again = await until(socket, "project_update")
        assert again["position"] <= position, again


async def refused():
    url = f"ws://127.0.0.1:{port}/ws"
    for headers, status in [({}, 401), ({"Authorization": basic, "Origin": "http://evil.example"}, 403)]:
        try:
            async with websockets.connect(url, extra_headers=headers):
                raise AssertionError("was let in")
        except websockets.exceptions.InvalidStatusCode as error:
            assert error.status_code == status, error
    async with websockets.connect(url, extra_headers={"Authorization": basic}) as socket:
        await socket.send(b"binary")
        try:
            while True:
                await asyncio.wait_for(socket.recv(), 20)
        except websockets.exceptions.ConnectionClosed as closed:
            assert closed.rcvd.code == 1003, closed


asyncio.run(refused())
asyncio.run(resuming(asyncio.run(subscribing())))
print("ok")
