/* See signing_choose.h. */
#include "process/signing_choose.h"

/* The one domain of all authors. False: there is none, or several. */
static bool find_author(const struct authors *authors, struct address *domain)
{
	struct address a;
	*domain = (struct address){.len = 0};
	for (size_t i = 0; authors && i < authors->count; i++) {
		if (address_normalize(authors->addresses[i], &a) != 0)
			return false;
		if (domain->len > 0 && !view_equal(address_domain(&a), address_view(domain)))
			return false;
		if (domain->len == 0 && address_normalize_domain(address_domain(&a), domain) != 0)
			return false;
	}
	return authors && !authors->cut && domain->len > 0;
}

static bool is_domain_of(struct view address, const struct address *domain)
{
	struct address a;
	return address_normalize(address, &a) == 0 && view_equal(address_domain(&a), address_view(domain));
}

/* The sender's domain, which was proven, and the login's are the user's. Of one that is not ours keys has no
 * key.
 */
static bool may_sign(const struct signing_choice *c, const struct address *domain)
{
	return c->any_of_ours || is_domain_of(c->sender, domain) || is_domain_of(c->login, domain);
}

void signing_choose(struct signing *s, const struct signing_choice *c, struct address *author)
{
	struct address sender;
	bool known = address_normalize(c->sender.len ? c->sender : c->login, &sender) == 0;
	bool own = find_author(c->authors, author) && may_sign(c, author);
	signing_domain(s, own ? address_view(author) : (struct view){0},
	    known ? address_domain(&sender) : (struct view){0}, false);
}
