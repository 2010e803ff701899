/* What is asked of settings beyond kind and range: the grammar of lists, words of a few, values that must fit
 * each other. */
#ifndef CONFIG_SETTINGS_CHECK_H
#define CONFIG_SETTINGS_CHECK_H

#include "config/settings.h"

/* 0, or -EINVAL with *problem telling a person what is wrong. */
int settings_check(const struct settings *s, struct buf *problem);

#endif
