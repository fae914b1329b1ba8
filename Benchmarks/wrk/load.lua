-- What wrk sends, by the arguments after "--":
--   fixed PATH [NAME: VALUE]...     the same request each time
--   distinct PATH [NAME: VALUE]...  the same with a running number of eight digits in the place of every "%d"
--   random FILE PATH                a cookie of the file for each, any of them
--   each FILE PATH [FIRST]          the same, one after the other from the number FIRST
-- A file holds 44 bytes for each cookie: 43 characters and a line break. Results go out as one line of JSON.

local cookieName = "magpie_session"

local function text(path, headers)
    local lines = { "GET " .. path .. " HTTP/1.1", "Host: " .. wrk.headers["Host"] }
    for _, header in ipairs(headers) do lines[#lines + 1] = header end
    return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

local function rest(args, from)
    local found = {}
    for index = from, #args do found[#found + 1] = args[index] end
    return found
end

local function cookies(name)
    local file = assert(io.open(name, "rb"))
    local all = file:read("*a")
    file:close()
    return all, math.floor(#all / 44)
end

function init(args)
    -- wrk fills in the Host field, unless it is there.
    if not wrk.headers["Host"] then
        wrk.headers["Host"] = wrk.host .. ":" .. wrk.port
    end
    local mode = args[1]
    if mode == "fixed" then
        local message = text(args[2], rest(args, 3))
        request = function() return message end
    elseif mode == "distinct" then
        local pieces, number = {}, 0
        local template = text(args[2], rest(args, 3))
        local from = 1
        while true do
            local at = template:find("%d", from, true)
            pieces[#pieces + 1] = template:sub(from, at and at - 1 or -1)
            if not at then break end
            from = at + 2
        end
        request = function()
            number = number + 1
            return table.concat(pieces, string.format("%08d", number))
        end
    else
        local all, count = cookies(args[2])
        local head = text(args[3], { "Cookie: " .. cookieName .. "=@" })
        local at = head:find("@", 1, true)
        local before, after = head:sub(1, at - 1), head:sub(at + 1)
        local random, number = mode == "random", tonumber(args[4] or 0) - 1
        math.randomseed(os.time())
        request = function()
            number = random and math.random(0, count - 1) or (number + 1) % count
            local start = number * 44
            return before .. all:sub(start + 1, start + 43) .. after
        end
    end
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        'RESULT {"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"p999":%d,"max":%d,"errors":{"connect":%d,' ..
        '"read":%d,"write":%d,"status":%d,"timeout":%d}}\n',
        summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency:percentile(99.9),
        latency.max, errors.connect, errors.read, errors.write, errors.status, errors.timeout))
end
