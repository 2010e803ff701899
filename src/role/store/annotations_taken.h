/* Annotations as questions carry them, for who sets some (right_annotations.c, right_append.c). */
#ifndef ROLE_STORE_ANNOTATIONS_TAKEN_H
#define ROLE_STORE_ANNOTATIONS_TAKEN_H

#include "account/annotations.h"

struct annotations_taken {
	char *bytes; /* what the items point into */
	struct account_annotation items[MAIL_ANNOTATIONS_OF_MESSAGE];
	size_t count;
	bool any_shared;
};

/* Copies them. 0; -EMLINK: too many; -EINVAL: they are broken. To be freed in every case. */
int annotations_take(struct annotations_taken *t, struct view entries);
void annotations_taken_free(struct annotations_taken *t);

#endif
