--- Whether a verification has come to its end, by its status: as `isFinal` of
--- shared/contract/verification-status.ts.
local function isFinal(status)
  return status == 'completed' or status == 'failed' or status == 'cancelled'
end
