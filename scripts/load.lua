-- For wrk: POST /api/translate with the sentences of the file $SENTENCES, one a request, in turn.
local bodies = {}
for line in io.lines(os.getenv("SENTENCES")) do
  local text = line:gsub("\\", "\\\\"):gsub('"', '\\"'):gsub("%c", " ")
  if #text > 0 then bodies[#bodies + 1] = '{"sentences":"' .. text .. '"}' end
end

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Host"] = "localhost"

local next_body = 0
function request()
  next_body = next_body % #bodies + 1
  return wrk.format(nil, nil, nil, bodies[next_body])
end
