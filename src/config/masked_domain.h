/* A line of masked_domains: how many masked addresses each account of a domain may have. */
#ifndef CONFIG_MASKED_DOMAIN_H
#define CONFIG_MASKED_DOMAIN_H

#include <stdint.h>

#include "base/view.h"

enum { MASKED_ADDRESSES_MAX = 1000 /* of an account: as MASKED_EVER_MAX of mail/masked.h */ };

/* "DOMAIN NUMBER". 0, or -EINVAL with what is wrong in *problem. */
int masked_domain_parse(struct view line, struct view *domain, uint64_t *most, const char **problem);

/* What the lines say of this domain; `otherwise` where none does. */
uint64_t masked_domains_most(struct view lines, struct view domain, uint64_t otherwise);

#endif
