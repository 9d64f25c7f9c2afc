# Varnish in front of finews, as a cache on your own machine that obeys `finews.cdn`. Start finews with this machine as
# --trusted-proxy, and Varnish with:
#   varnishd -a :80 -f /etc/varnish/varnish.vcl -s malloc,256m
vcl 4.1;

import std;

backend finews {
    .host = "127.0.0.1";
    .port = "8080";
    # Streams of /live have a heartbeat every 20 seconds.
    .between_bytes_timeout = 75s;
    .probe = {
        .url = "/readyz";
        .interval = 1s;
        .timeout = 1s;
        .window = 2;
        .threshold = 1;
        .initial = 1;
    }
}

sub vcl_recv {
    # A stream has no end that other clients could wait for.
    if (req.url ~ "^[^?]*/live(\?|$)") {
        return (pass);
    }
    # stale-while-revalidate: while finews is there, a copy is at most ten seconds too old.
    if (std.healthy(req.backend_hint)) {
        set req.grace = 10s;
    }
}

# Varnish itself reads only Cache-Control, and Surrogate-Control for `no-store`.
sub vcl_backend_response {
    # stale-if-error: the old copy stays.
    if (beresp.status >= 500 && bereq.is_bgfetch) {
        return (abandon);
    }
    if (beresp.http.CDN-Cache-Control) {
        set beresp.ttl = std.duration(regsub(beresp.http.CDN-Cache-Control, "^.*?max-age=(\d+).*$", "\1s"), 0s);
        set beresp.grace =
            std.duration(regsub(beresp.http.CDN-Cache-Control, "^.*stale-if-error=(\d+).*$", "\1s"), 0s);
    }
}

sub vcl_deliver {
    unset resp.http.CDN-Cache-Control;
    unset resp.http.Surrogate-Control;
}
