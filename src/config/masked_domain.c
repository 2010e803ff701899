/* See masked_domain.h. */
#include "config/masked_domain.h"

#include <errno.h>

int masked_domain_parse(struct view line, struct view *domain, uint64_t *most, const char **problem)
{
	struct view name, number = line;
	bool named = view_next(&number, ' ', &name) && name.len > 0;
	number = view_trim(number);
	*problem = !named            ? "it begins with a domain"
	           : number.len == 0 ? "the number behind the domain is missing"
	                             : "the number is from 0 to 1000";
	if (!named || !view_to_u64(number, MASKED_ADDRESSES_MAX, most))
		return -EINVAL;
	*domain = name;
	return 0;
}

uint64_t masked_domains_most(struct view lines, struct view domain, uint64_t otherwise)
{
	struct view line, name;
	const char *problem;
	uint64_t most;
	while (lines.len && view_next(&lines, '\n', &line))
		if (masked_domain_parse(line, &name, &most, &problem) == 0 && view_equal_nocase(name, domain))
			return most;
	return otherwise;
}
