-- Asks for the lines of the file URLS, a path and perhaps an ETag each: at random, or with ORDER=once each
-- once, from the first to the last, saying when the first and the last are sent.
local requests, sent = {}, 0

function init(arguments)
  for line in io.lines(os.getenv("URLS")) do
    local path, etag = line:match("^(%S+)%s*(.*)$")
    local headers = { ["Accept-Encoding"] = "gzip" }
    if etag ~= "" then headers["If-None-Match"] = etag end
    requests[#requests + 1] = wrk.format("GET", path, headers)
  end
  math.randomseed(tonumber(os.getenv("SEED")))
end

local function at_random() return requests[math.random(#requests)] end

local function once()
  if sent == 0 then io.write("first\n"); io.flush() end
  sent = sent + 1
  if sent == #requests then io.write("last\n"); io.flush() end
  if sent > #requests then wrk.thread:stop() end
  return requests[math.min(sent, #requests)]
end

request = os.getenv("ORDER") == "once" and once or at_random

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("result %d %d %d %d %f %f\n", summary.requests, summary.duration, summary.bytes,
    errors.connect + errors.read + errors.write + errors.timeout + errors.status,
    latency:percentile(50), latency:percentile(99)))
end
