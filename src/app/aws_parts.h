/// app/aws_parts.h - how AWS is reached: keys, and the queues of the configuration. Room: app. Uses: config,
/// aws. Threads: any. Errors: what cannot be found out (no region, a broken profile) is told by the first
/// request.
#pragma once

#include <memory>

#include "kaden/aws_client.h"
#include "kaden/config.h"

namespace kaden::app {

std::unique_ptr<aws::Credentials> credentials_of(const config::Aws& settings, const aws::World& world);
/// The region is the queue's own where its URL says it.
aws::ClientSettings sqs_client_of(const config::Aws& settings, const config::Queue& queue,
                                  const aws::World& world);

} // namespace kaden::app
