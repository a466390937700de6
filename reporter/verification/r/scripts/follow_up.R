# Reverse Kaplan-Meier: deaths leave the risk set just before the censorings at the same time.
check_follow_up <- function(frames, cohort, endpoint, options) {
  frame <- frame_of(frames, cohort, endpoint)
  distinct <- sort(unique(frame$.time))
  order_of <- match(frame$.time, distinct)
  # A competing event ends follow-up as the event of interest does: it is no censoring.
  observed <- if (is.null(frame$.cause)) frame$.event else frame$.cause > 0
  fit <- survfit(Surv(ifelse(observed, order_of - 0.5, order_of), !observed) ~ 1,
                 conf.type = options$conf_type, conf.int = options$conf_level)
  fit$time <- distinct[ceiling(fit$time)]
  median <- median_row(fit)
  person_time <- sum(frame$.time)
  if (!is.null(frame$.entry)) {
    # With late entry the reverse estimate has no meaning.
    median[] <- NA
    person_time <- sum(frame$.time - frame$.entry)
  }
  values <- c(n = nrow(frame), n_event = sum(frame$.event), n_censor = sum(!observed), median, person_time = person_time)
  result(list(numbers(place(cohort, endpoint, "follow_up"), values)))
}
