-- The slots of all programs that use one API key. The rules are those of the window of one process.
--
-- KEYS: state (hash), slots of interactive and of background calls (sorted sets by when they are free again), waiting (hash).
-- ARGV: operation (take, finish, pause, leave, status or trust), run id of the server, holder, the holder's limit: requests (-1 for
-- none), window, late allowance, kept slots, lease; what is left of a pause that it has been asked for; then what the operation needs.
-- All times are in milliseconds.
local STATE, WAITING = KEYS[1], KEYS[4]
local SLOTS = { i = KEYS[2], b = KEYS[3] }
local operation, run, holder = ARGV[1], ARGV[2], ARGV[3]
local requests, window, late = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local kept, lease = tonumber(ARGV[7]), tonumber(ARGV[8])

-- Added before a slot is free again, because the service's clock may run slower than this server's.
local MARGIN = 100
-- How long the state is kept when nobody uses it. Without a state, nothing is sent for a window.
local STATE_KEPT = 30 * 24 * 60 * 60 * 1000
-- A call that waits and does not ask again is given up this long after it should have.
local GRACE = 2000
-- How often a call that waits asks again: once a second, and all together at most ten times a second.
local LOOK, LOOK_EACH, LONGEST_LOOK = 1000, 100, 30000
local MOST_HINTS = 16

local function text(number) return string.format('%.0f', number) end

local state = {}
local flat = redis.call('HGETALL', STATE)
for position = 1, #flat, 2 do state[flat[position]] = flat[position + 1] end
local function stored(name) return tonumber(state[name] or '0') end

-- The server's clock, but never backwards: when it is set back, its time is shifted from then on.
local time = redis.call('TIME')
local clock = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local offset = stored('offset')
local set_back = stored('now') - (clock + offset)
local now = clock + offset
if set_back > 0 then
    offset = offset + set_back
    now = stored('now')
end

-- What was sent before is unknown if the state is new, or if it may be an old one: after a restart, or on another server.
local reason = state.reason or ''
local lost = ''
if state.run == nil then
    lost = 'new'
elseif state.run ~= run then
    lost = 'restarted'
elseif set_back > 1000 then
    lost = 'clock'
end
local lost_at = stored('lost')
if lost ~= '' then
    reason = lost
    lost_at = now
end

-- The stricter limit wins, as long as a program that has it asks. Somebody who only looks changes nothing.
local sends = operation ~= 'status' and operation ~= 'trust'
local strict_for = 2 * (window + late)
local window_until, requests_until = stored('window_until'), stored('requests_until')
local known_window, known_requests = stored('window'), tonumber(state.requests or '-1')
if sends then
    if window > known_window and known_window > 0 then
        for _, key in pairs(SLOTS) do
            for _, slot in ipairs(redis.call('ZRANGE', key, 0, -1)) do
                redis.call('ZINCRBY', key, text(window - known_window), slot)
            end
        end
    end
    if window >= known_window or now > window_until then
        window_until = now + strict_for
    else
        window = known_window
    end
    local looser = known_requests >= 0 and (requests < 0 or requests > known_requests)
    if looser and now <= requests_until then
        requests = known_requests
    else
        requests_until = now + strict_for
    end
    known_window, known_requests = window, requests
else
    if now <= window_until then window = known_window end
    if now <= requests_until then requests = known_requests end
end
-- A request may still be in flight for as long as its slot was leased, and is known when it is reported. So nothing is sent for the
-- longest lease of those who ask either.
local longest_lease, lease_until = lease, stored('lease_until')
local known_lease = stored('lease')
if lease < known_lease and now <= lease_until then
    longest_lease = known_lease
elseif sends then
    known_lease, lease_until = lease, now + 2 * lease
end
-- By the longest window of those who ask, also of one who comes later.
local known_quarantine = stored('quarantine')
local quarantine = known_quarantine
if lost_at > 0 then
    quarantine = math.max(quarantine, lost_at + math.max(window + late, longest_lease) + MARGIN)
end
if sends then known_quarantine = quarantine end
local share = math.floor(requests / 10)
kept = math.min(kept, share)

-- Every operation tells of a pause until it is over, so none can overtake it, and a server that forgot it learns it again.
local paused = math.max(stored('paused'), now + tonumber(ARGV[9]))
local next_id = stored('next')
-- No number is given twice, also if the latest ones are lost: they are ahead of the time only at a thousand calls a second.
if lost ~= '' then next_id = math.max(next_id, now) end
local latest_hint = tonumber(state.latest_hint or '-1')
-- Until a time, only slots up to a number may be taken.
local hints = {}
for ends, last in string.gmatch(state.hints or '', '(%d+):(%d+)') do
    if tonumber(ends) > now then hints[#hints + 1] = { ends = tonumber(ends), last = tonumber(last) } end
end

for _, key in pairs(SLOTS) do redis.call('ZREMRANGEBYSCORE', key, '-inf', text(now)) end

local function kind_of(kind)
    if requests >= 0 and share == 0 then return 'i' end
    return kind
end

-- By what the service has asked for.
local function paused_until()
    local ends = paused
    for _, hint in ipairs(hints) do
        if hint.last < next_id then ends = math.max(ends, hint.ends) end
    end
    return ends
end

-- When the slot at this position is free, in one set or in both.
local function free_at(position, kind)
    if kind then
        local found = redis.call('ZRANGE', SLOTS[kind], position - 1, position - 1, 'WITHSCORES')
        return tonumber(found[2])
    end
    local scores = {}
    for _, key in pairs(SLOTS) do
        local found = redis.call('ZRANGE', key, 0, position - 1, 'WITHSCORES')
        for score = 2, #found, 2 do scores[#scores + 1] = tonumber(found[score]) end
    end
    table.sort(scores)
    return scores[position]
end

local function blocked_until() return math.max(paused_until(), quarantine) end

local used = { i = redis.call('ZCARD', SLOTS.i), b = redis.call('ZCARD', SLOTS.b) }
-- What the caller is told: slot and its priority, milliseconds to wait, to the next slot (-1 if unknown), calls before it.
local slot, slot_kind, wait, next_slot, before = -1, 'i', 0, -1, 0
local waiting_total = 0
local holders = {}

if operation == 'take' then
    -- Priority, and how many other calls of it wait in the same process.
    local kind = kind_of(ARGV[10])
    local mine = holder .. ':' .. kind
    local waiting, own_place = { i = {}, b = {} }, nil
    local found = redis.call('HGETALL', WAITING)
    for position = 1, #found, 2 do
        local name = found[position]
        local place, ends = string.match(found[position + 1], '(%d+):(%d+)')
        if name == mine then
            own_place = tonumber(place)
        elseif tonumber(ends) < now then
            redis.call('HDEL', WAITING, name)
        else
            local others = waiting[string.sub(name, -1)]
            others[#others + 1] = tonumber(place)
            waiting_total = waiting_total + 1
        end
    end
    for _, place in ipairs(waiting[kind]) do
        if own_place == nil or place < own_place then before = before + 1 end
    end
    -- How many slots have to become free first, of all and of this priority.
    local of_all, of_kind = 0, 0
    if requests >= 0 then
        local free = requests - used.i - used.b
        if kind == 'i' then
            of_all = before + 1 - free
            if share > 0 and #waiting.b > 0 then of_kind = used.i + before + 1 - share end
        else
            local overtaking = math.min(#waiting.i, math.max(share - used.i, 0))
            of_all = overtaking + before + 1 - free
            of_kind = used.b + before + 1 - (requests - kept)
            before = before + overtaking
        end
    end
    local blocked = blocked_until()
    if blocked <= now and of_all <= 0 and of_kind <= 0 then
        slot, slot_kind = next_id, kind
        next_id = next_id + 1
        used[kind] = used[kind] + 1
        -- A holder that vanishes never says what became of it.
        redis.call('ZADD', SLOTS[kind], text(now + lease + late + window + MARGIN), text(slot) .. ':' .. holder)
        -- If more calls wait in the same process, it keeps a place, behind all others.
        if tonumber(ARGV[11]) > 0 then
            redis.call('HSET', WAITING, mine, text(stored('place')) .. ':' .. text(now + GRACE))
            state.place = text(stored('place') + 1)
        else
            redis.call('HDEL', WAITING, mine)
        end
        before = 0
    else
        local due = blocked
        if of_all > 0 then due = math.max(due, free_at(of_all) or now + LOOK) end
        if of_kind > 0 then due = math.max(due, free_at(of_kind, kind) or now + LOOK) end
        -- The slot of a request in flight is free later than any other.
        if due <= now + window + math.max(late, MARGIN) or due == blocked then next_slot = math.max(due - now, 1) end
        waiting_total = waiting_total + 1
        local look = math.max(LOOK, waiting_total * LOOK_EACH)
        -- A pause never becomes shorter. What is unknown may: somebody may know it.
        if due == blocked and due > quarantine then look = LONGEST_LOOK end
        wait = math.max(math.min(due - now, look), 1)
        if own_place == nil then
            own_place = stored('place')
            state.place = text(own_place + 1)
        end
        redis.call('HSET', WAITING, mine, text(own_place) .. ':' .. text(now + wait + GRACE))
    end
elseif operation == 'finish' then
    -- Slot, priority, how it was used, and what the answer allows: requests (-1 if it does not say) and for how long.
    local kind, id, use = ARGV[10], tonumber(ARGV[11]), ARGV[12]
    local remaining, reset = tonumber(ARGV[13]), tonumber(ARGV[14])
    local member = text(id) .. ':' .. holder
    if use == 'unsent' then
        redis.call('ZREM', SLOTS[kind], member)
    elseif use == 'answered' then
        redis.call('ZADD', SLOTS[kind], text(now + window + MARGIN), member)
    else
        redis.call('ZADD', SLOTS[kind], text(now + window + math.max(late, MARGIN)), member)
    end
    used[kind] = redis.call('ZCARD', SLOTS[kind])
    if remaining >= 0 and id >= latest_hint then
        latest_hint = id
        local hint = { ends = now + (reset >= 0 and reset or window), last = id + remaining }
        local known, stricter = {}, false
        for _, other in ipairs(hints) do
            if other.ends >= hint.ends and other.last <= hint.last then stricter = true end
            if other.ends > hint.ends or other.last < hint.last then known[#known + 1] = other end
        end
        if not stricter then
            hints = known
            if #hints < MOST_HINTS then hints[#hints + 1] = hint end
        end
    end
elseif operation == 'leave' then
    redis.call('HDEL', WAITING, holder .. ':' .. kind_of(ARGV[10]))
elseif operation == 'trust' then
    lost_at, quarantine, known_quarantine = 0, 0, 0
elseif operation == 'status' then
    local counts = {}
    for kind, key in pairs(SLOTS) do
        for _, member in ipairs(redis.call('ZRANGE', key, 0, -1)) do
            local name = string.match(member, ':(.*)')
            counts[name] = counts[name] or { i = 0, b = 0 }
            counts[name][kind] = counts[name][kind] + 1
        end
    end
    for name, count in pairs(counts) do
        holders[#holders + 1] = { name, count.i, count.b }
    end
end

local lines = {}
for position, hint in ipairs(hints) do lines[position] = text(hint.ends) .. ':' .. text(hint.last) end
redis.call('HSET', STATE, 'now', text(now), 'offset', text(offset), 'run', run, 'reason', reason,
    'lost', text(lost_at), 'quarantine', text(known_quarantine), 'paused', text(paused),
    'next', text(next_id), 'place', state.place or '0', 'window', text(known_window), 'window_until', text(window_until),
    'lease', text(known_lease), 'lease_until', text(lease_until),
    'requests', text(known_requests), 'requests_until', text(requests_until),
    'hints', table.concat(lines, ','), 'latest_hint', text(latest_hint))
redis.call('PEXPIRE', STATE, text(STATE_KEPT))
-- Programs may have different leases, so the last slot says how long its set is needed.
for _, key in pairs(SLOTS) do
    local last = redis.call('ZRANGE', key, -1, -1, 'WITHSCORES')
    if last[2] then redis.call('PEXPIRE', key, text(tonumber(last[2]) - now + GRACE)) end
end
redis.call('PEXPIRE', WAITING, text(2 * window + 60 * GRACE))

return { slot, slot_kind, wait, next_slot, before, used.i + used.b, math.max(paused_until() - now, 0),
    math.max(quarantine - now, 0), reason, requests, window, holders }
