#ifndef WORKER_STAGE_H
#define WORKER_STAGE_H

struct query;

/* What a stage asks the pipeline to do next. */
enum step { STEP_NEXT, STEP_REPLY, STEP_WAIT, STEP_DROP };

struct stage {
    const char *name;
    enum step (*run)(struct query *q);
};

#endif
