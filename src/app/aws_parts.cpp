#include "aws_parts.h"

#include "kaden/limits/aws.h"
#include "kaden/queue_source.h"

namespace kaden::app {

std::unique_ptr<aws::Credentials> credentials_of(const config::Aws& settings, const aws::World& world) {
  aws::ChainSettings chain;
  chain.profile = settings.profile;
  chain.region = settings.region;
  const auto sts = settings.endpoints.find(std::string(aws::sts.id));
  if (sts != settings.endpoints.end()) chain.sts_endpoint = sts->second;
  chain.ca_file = settings.ca_file;
  chain.use_instance_metadata = settings.instance_metadata;
  return std::make_unique<aws::Credentials>(
      [chain = std::make_shared<aws::Chain>(std::move(chain), world)] { return chain->find(); }, *world.clock,
      world.chance);
}

aws::ClientSettings sqs_client_of(const config::Aws& settings, const config::Queue& queue,
                                  const aws::World& world) {
  // A profile that cannot be read is told by the chain, with its file and line.
  const auto files = aws::read_profiles(world).value_or(aws::Profiles());
  const std::string profile = aws::profile_of(settings.profile, world);
  aws::EndpointSettings where;
  where.region = queue::region_of_queue(queue.url);
  if (where.region.empty()) where.region = aws::region_of(settings.region, world.variable, files, profile);
  where.overrides = settings.endpoints;
  where.fips = settings.fips;
  where.dual_stack = settings.dual_stack;
  aws::ClientSettings client;
  client.service = aws::sqs;
  client.region = where.region;
  // Without a region the queue's own host is as good as any: what it answers is told.
  client.endpoint = aws::endpoint_of(aws::sqs, where, world.variable, files, profile)
                        .value_or(queue.url.substr(0, queue.url.find('/', queue.url.find("//") + 2)));
  client.ca_file = settings.ca_file;
  client.user_agent = "kaden/" KADEN_VERSION;
  client.attempts = limits::aws_attempts;
  return client;
}

} // namespace kaden::app
