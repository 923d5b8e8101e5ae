#ifndef TEST_BELIEVER_H
#define TEST_BELIEVER_H

/** Maps files in the way that @how names (believer_map.c). The status to end with. */
int believe_map(const char *how);

#endif
