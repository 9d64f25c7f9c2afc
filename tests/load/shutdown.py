"""The end of a process that many hold on to."""

import socket

from common import Finews, Site, Trial, wait_until

HELD = {
    "silent": b"",
    "half a head": b"GET / HTTP/1.1\r\nHo",
    "idle after an answer": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "does not take its answer": b"GET /assets/large.bin HTTP/1.1\r\nHost: x\r\n\r\n",
    "follows": b"GET /live HTTP/1.1\r\nHost: x\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
}

ANSWERED = ["idle after an answer", "follows"]


def endings(program, long):
    trial = Trial("SIGTERM")
    each = 200 if long else 50
    with Finews(program, Site(50)) as server:
        held = []
        for name, said in HELD.items():
            for _ in range(each):
                client = socket.create_connection(("127.0.0.1", server.port), timeout=10)
                client.sendall(said)
                held.append(client)
                if name in ANSWERED and not (answer := client.recv(12)).endswith(b" 200"):
                    raise RuntimeError(f"{name}: {answer}")
        wait_until("held", lambda: server.number("finews_http_connections") >= len(held), 10)
        took, code = server.stop()
        trial.check(f"gone, with {len(held)} connections held ({', '.join(HELD)})", f"{took:.1f} s", "at most 8 s", took <= 8)
        trial.check("exit code", code, "0", code == 0)
        for client in held:
            client.close()
    return trial
