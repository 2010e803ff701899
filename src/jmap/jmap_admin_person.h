/* What the files of Person share: jmap_admin_person.c, jmap_admin_person_set.c. */
#ifndef JMAP_JMAP_ADMIN_PERSON_H
#define JMAP_JMAP_ADMIN_PERSON_H

#include "jmap/jmap_admin.h"

/* An account's number. False: the id is none. */
static inline bool jmap_admin_person_id(struct view id, uint64_t *number)
{
	return mail_account_id_read(id, number);
}

void jmap_admin_person_set(struct jmap_call *c);

#endif
