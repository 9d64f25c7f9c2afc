"""A shutdown while clients hold many connections open."""

import socket

from common import Finews, Site, Trial, wait_until

# The clients by kind, each with the bytes that it sends.
CLIENTS = {
    "silent": b"",
    "half a request head": b"GET / HTTP/1.1\r\nHo",
    "idle after a response": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "not reading the response": b"GET /assets/large.bin HTTP/1.1\r\nHost: x\r\n\r\n",
    "/live": b"GET /live HTTP/1.1\r\nHost: x\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
}

# The clients that wait for the first bytes of a response before the shutdown.
WITH_RESPONSE = ["idle after a response", "/live"]


def shutdown(program, long):
    trial = Trial("shutdown")
    count = 200 if long else 50
    site = Site(50)
    with Finews(program, site) as server:
        clients = []
        for kind, request in CLIENTS.items():
            for _ in range(count):
                client = socket.create_connection(("127.0.0.1", server.port), timeout=10)
                client.sendall(request)
                clients.append(client)
                if kind in WITH_RESPONSE and not (status_line := client.recv(12)).endswith(b" 200"):
                    raise RuntimeError(f"{kind}: {status_line}")
        wait_until("connected to all clients", lambda: server.metric("finews_http_connections") >= len(clients), 10)
        seconds, code = server.stop()
        trial.check(f"exit after SIGTERM with {len(clients)} open connections ({', '.join(CLIENTS)})", f"{seconds:.1f} s", "at most 8 s", seconds <= 8)
        trial.check("exit code", code, "0", code == 0)
        for client in clients:
            client.close()
    return trial
