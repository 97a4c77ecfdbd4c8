# frozen_string_literal: true

# What one would write by hand on Sidekiq in an afternoon, as plain-pipeline.ts is on BullMQ: the photo is in the job, one job
# calls the upstream and queues the next one, which posts the event. Every thread keeps its connection to both.
#
# Left out, all to its advantage: records, sealing, the quota, the outcome table, both signatures. The request has a signature's
# headers, and nothing computes them: the stub upstream checks nothing. Retries and the log are Sidekiq's defaults.
#
# Run by the sidekiq command. The addresses come from the environment. It prints "ready" once it takes jobs, and ends with its
# parent, which holds its standard input open.

require "json"
require "net/http"
require "uri"

UPSTREAM = URI(ENV.fetch("UPSTREAM_URL"))
RECEIVER = URI(ENV.fetch("RECEIVER_URL"))
REDIS = { url: ENV.fetch("REDIS_URL") }.freeze
KEEP_ALIVE_SECONDS = 60

SIGNED_HEADERS = {
  "authorization" => "TC3-HMAC-SHA256 Credential=bench-secret-id/2026-01-01/faceid/tc3_request, " \
                     "SignedHeaders=content-type;host, Signature=#{'0' * 64}",
  "x-tc-action" => "ImageRecognitionV2",
  "x-tc-version" => "2018-03-01",
  "x-tc-timestamp" => "1767225600",
  "x-tc-region" => "ap-guangzhou"
}.freeze

# One connection for each thread and address. Net::HTTP opens another one when the server has closed it.
def connection_to(uri)
  connections = Thread.current[:connections] ||= {}
  connections[uri.port] ||= Net::HTTP.new(uri.host, uri.port).tap do |http|
    http.keep_alive_timeout = KEEP_ALIVE_SECONDS
    http.start
  end
end

def post(uri, headers, content)
  request = Net::HTTP::Post.new("/", { "content-type" => "application/json", "accept-encoding" => "identity" }.merge(headers))
  request.body = content
  answer = connection_to(uri).request(request)
  raise "Cannot post: status must be 2xx, received #{answer.code}" unless answer.is_a?(Net::HTTPSuccess)

  answer.body
end

class VerifyJob
  include Sidekiq::Job
  sidekiq_options queue: "verifications"

  def perform(id, id_card, name, image_base64)
    content = JSON.generate("ImageBase64" => image_base64, "IdCard" => id_card, "Name" => name)
    DeliverJob.perform_async(id, JSON.parse(post(UPSTREAM, SIGNED_HEADERS, content)))
  end
end

class DeliverJob
  include Sidekiq::Job
  sidekiq_options queue: "events"

  def perform(id, result)
    event = { "type" => "verification.completed", "data" => { "id" => id, "result" => result } }
    post(RECEIVER, { "webhook-id" => id }, JSON.generate(event))
  end
end

# Sidekiq of this version calls Redis' client in ways that newer ones of it warn about.
Redis.silence_deprecations = true

Sidekiq.configure_server do |config|
  config.redis = REDIS
  config.logger = Sidekiq::Logger.new(File::NULL)
  config.on(:startup) do
    $stdout.puts "ready"
    $stdout.flush
    Thread.new do
      $stdin.read
      Process.kill("TERM", Process.pid)
    end
  end
end
