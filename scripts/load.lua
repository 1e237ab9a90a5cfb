-- For wrk: POST /api/translate with the sentences of the file $SENTENCES, one a request, in turn.
-- At the end it says how many replies were neither 200 nor 503 with Retry-After.
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

refused, wrong = 0, 0  -- of a thread
function response(status, headers)
  if status == 200 then return end
  local key = status == 503 and headers["Retry-After"] and "refused" or "wrong"
  _G[key] = _G[key] + 1
end

local threads = {}
function setup(thread) threads[#threads + 1] = thread end
function done()
  local sums = {refused = 0, wrong = 0}
  for _, thread in ipairs(threads) do
    for key in pairs(sums) do sums[key] = sums[key] + thread:get(key) end
  end
  print("refused: " .. sums.refused .. "\nwrong: " .. sums.wrong)
end
