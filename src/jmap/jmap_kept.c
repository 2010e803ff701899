/* What methods keep in the session between requests. */
#include "jmap/jmap_state.h"

#include "base/mem.h"

static struct jmap_kept *find_kept(const struct jmap_session *s, enum jmap_slot slot, uint64_t account)
{
	for (size_t i = 0; i < s->kept_count; i++)
		if (s->kept[i].slot == slot && s->kept[i].account == account)
			return &s->kept[i];
	return NULL;
}

const struct mail_names *jmap_names(const struct jmap_session *s)
{
	return &s->names;
}

void *jmap_slot(const struct jmap_session *s, enum jmap_slot slot, uint64_t account)
{
	const struct jmap_kept *kept = find_kept(s, slot, account);

	return kept ? kept->value : NULL;
}

bool jmap_slot_set(
    struct jmap_session *s, enum jmap_slot slot, uint64_t account, void *value, void (*release)(void *value))
{
	struct jmap_kept *kept = find_kept(s, slot, account);

	if (kept == NULL && value == NULL)
		return true;
	if (kept == NULL) {
		struct jmap_kept *all = mem_try_resize(s->kept, (s->kept_count + 1) * sizeof *all);
		if (all == NULL) {
			if (release)
				release(value);
			return false;
		}
		s->kept = all;
		kept = &all[s->kept_count++];
		*kept = (struct jmap_kept){.slot = slot, .account = account};
	}
	if (kept->value && kept->value != value && kept->release)
		kept->release(kept->value);
	kept->value = value;
	kept->release = release;
	return true;
}
