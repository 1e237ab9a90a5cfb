-- For wrk: POST /api/translate with the sentences of the file $SENTENCES, one a request, in turn.
-- After a 503 with Retry-After a connection waits as long as that says. At the end it says how many
-- replies were such ones, and how many neither those nor 200.
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
local waits = {}  -- milliseconds; wrk does not say which connection asks, so the next one takes them
function response(status, headers)
  if status == 200 then return end
  local seconds = status == 503 and tonumber(headers["Retry-After"])
  if seconds then
    refused = refused + 1
    waits[#waits + 1] = 1000 * seconds
  else
    wrong = wrong + 1
  end
end

function delay() return table.remove(waits) or 0 end

local threads = {}
function setup(thread) threads[#threads + 1] = thread end
function done()
  local sums = {refused = 0, wrong = 0}
  for _, thread in ipairs(threads) do
    for key in pairs(sums) do sums[key] = sums[key] + thread:get(key) end
  end
  print("refused: " .. sums.refused .. "\nwrong: " .. sums.wrong)
end
