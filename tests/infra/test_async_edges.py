"""Every asynchronous edge: what fails is kept, and someone is told."""

import json
import re

from shop import aws, consumer
from shop.deploy import DAYS, discover
from tests.infra.alarms import Watch, alarms
from tools.access.templates import Assembly, Resource

FOURTEEN_DAYS_S = 14 * 24 * 3600
PLATFORM = discover()


def queues(stage: Assembly) -> list[Resource]:
    found = stage.all("AWS::SQS::Queue")
    consumers, streams = PLATFORM.of_kind("consumer"), PLATFORM.of_kind("stream")
    assert len(found) > 2 * len(consumers) + len(streams) + len(PLATFORM.of_kind("job"))
    return found


def is_last(queue: Resource) -> bool:
    return str(queue.properties["QueueName"]).endswith("-dlq")


def queues_of_consumers(stage: Assembly, *, for_days: bool) -> list[Resource]:
    """Of those that try for days, as what is about money is tried, or of the others."""
    wanted = {
        re.sub("[._]", "-", each.id)
        for each in PLATFORM.of_kind("consumer")
        if (each.retries == DAYS) is for_days
    }
    found = [q for q in queues(stage) if str(q.properties["QueueName"]).split("-", 2)[2] in wanted]
    assert len(found) == len(wanted) > 0
    return found


def test_each_queue_is_encrypted(stage: Assembly) -> None:
    for queue in queues(stage):
        assert queue.properties["SqsManagedSseEnabled"] is True


def test_each_work_queue_has_a_dead_letter_queue(stage: Assembly) -> None:
    for queue in queues(stage):
        if not is_last(queue):
            policy = queue.properties["RedrivePolicy"]
            assert is_last(stage.target(queue.stack, policy["deadLetterTargetArn"]))


def test_money_that_was_taken_is_tried_for_two_days_before_it_is_parked(stage: Assembly) -> None:
    """The ledger posts from it, and an order is marked paid by it."""
    found = {}
    for queue in queues(stage):
        name = str(queue.properties["QueueName"])
        if name.endswith("-on-payment"):
            found[name] = queue.properties
    assert {name.split("-")[2] for name in found} == {
        each.service
        for each in PLATFORM.of_kind("consumer")
        if "payment.captured" in each.event_types
    }
    for properties in found.values():
        tries = properties["RedrivePolicy"]["maxReceiveCount"]
        assert tries * properties["VisibilityTimeout"] >= 2 * 24 * 3600
        assert properties["MessageRetentionPeriod"] == FOURTEEN_DAYS_S


def test_every_consumer_outlasts_an_outage_of_an_hour(stage: Assembly) -> None:
    for queue in queues(stage):
        if not is_last(queue):
            tries = queue.properties["RedrivePolicy"]["maxReceiveCount"]
            assert tries * queue.properties["VisibilityTimeout"] >= 3600


def test_people_hear_of_events_that_wait_long_before_they_are_parked(stage: Assembly) -> None:
    for name, alarm in alarms(stage).items():
        if name.endswith("-age"):
            assert alarm.given["Threshold"] == 300
            assert alarm.given["EvaluationPeriods"] * alarm.given["Period"] <= 180


def test_an_event_about_money_that_fails_for_ever_pages_long_before_it_is_parked(
    stage: Assembly,
) -> None:
    """SQS leaves a message that came three times out of the age of its queue, so one bad event
    among good ones has no age. It is counted from its own number of receives, at every attempt.
    """
    alarm = alarms(stage)["operations-event-stuck"]
    ((_, metric, dimensions),) = alarm.metrics
    assert (metric, dict(dimensions)) == ("EventStuck", {"service": "all"})
    assert (alarm.told, alarm.given["Threshold"]) == (("page",), 0)
    for queue in queues_of_consumers(stage, for_days=True):
        attempt_s = queue.properties["VisibilityTimeout"]
        assert 2 * attempt_s < alarm.given["Period"], "each period sees an attempt, however late"
        rings_s = consumer.STUCK_AFTER * attempt_s + _lasting_s(alarm)
        parked_s = queue.properties["RedrivePolicy"]["maxReceiveCount"] * attempt_s
        assert rings_s <= 2 * 3600
        assert parked_s - rings_s >= 24 * 3600, "there is a day to mend it"


def test_an_event_that_is_parked_within_hours_pages_nobody(stage: Assembly) -> None:
    """It is never tried so often that it counts as stuck: that it is parked is a notice."""
    for queue in queues_of_consumers(stage, for_days=False):
        tries = queue.properties["RedrivePolicy"]["maxReceiveCount"]
        assert tries <= consumer.STUCK_AFTER


def test_a_batch_fits_its_time_even_if_each_message_has_a_call_that_hangs(stage: Assembly) -> None:
    for mapping in _mappings(stage, stream=False):
        function = stage.target(mapping.stack, mapping.properties["FunctionName"])
        batch = mapping.properties["BatchSize"]
        assert batch * aws.longest_call_s() < function.properties["Timeout"]


def test_a_stream_gives_up_by_the_age_of_its_records_and_not_by_counting(stage: Assembly) -> None:
    """How fast Lambda repeats is its own affair: so a count says nothing about time."""
    for mapping in _mappings(stage, stream=True):
        assert mapping.properties["MaximumRetryAttempts"] == 10_000


def test_dead_letters_stay_for_two_weeks(stage: Assembly) -> None:
    for queue in queues(stage):
        if is_last(queue):
            assert queue.properties["MessageRetentionPeriod"] == FOURTEEN_DAYS_S


def watched_queues(stage: Assembly, metric: str) -> set[str]:
    """Names of the queues with an alarm on this metric."""
    return {
        name.split("-", 2)[2]
        for alarm in alarms(stage).values()
        for _, watched, dimensions in alarm.metrics
        if watched == metric
        for _, name in dimensions
    }


def names(stage: Assembly, *, last: bool) -> set[str]:
    found = {str(q.properties["QueueName"]) for q in queues(stage) if is_last(q) is last}
    return {name.split("-", 2)[2] for name in found}


def test_each_dead_letter_queue_raises_an_alarm_at_its_first_message(
    stage: Assembly, prod: Assembly
) -> None:
    """Not those of schedules: the next run makes good what one left, and that none does is told."""
    of_runs = {f"{re.sub('[._]', '-', job.id)}-dlq" for job in PLATFORM.of_kind("job")}
    parked = {name: each for name, each in alarms(stage).items() if name.endswith("-dlq-parked")}
    assert {each.given["Threshold"] for each in parked.values()} == {0}
    watched = watched_queues(stage, "ApproximateNumberOfMessagesVisible")
    assert watched == names(stage, last=True) - of_runs
    assert of_runs < names(stage, last=True)
    for name in of_runs:
        assert name.replace("-dlq", "-not-running") in alarms(prod)


def test_each_work_queue_raises_an_alarm_when_events_wait(stage: Assembly) -> None:
    assert watched_queues(stage, "ApproximateAgeOfOldestMessage") == names(stage, last=False)


def test_each_rule_has_dead_letters(stage: Assembly) -> None:
    rules = stage.all("AWS::Events::Rule")
    assert len(rules) > len(PLATFORM.of_kind("consumer")) + len(PLATFORM.of_kind("job"))
    for rule in rules:
        for target in rule.properties["Targets"]:
            dlq = stage.target(rule.stack, target["DeadLetterConfig"]["Arn"])
            assert is_last(dlq), str(rule)


def test_a_bad_message_fails_alone(stage: Assembly) -> None:
    for mapping in _mappings(stage, stream=False):
        assert mapping.properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_a_message_stays_hidden_for_six_times_the_functions_timeout(stage: Assembly) -> None:
    for mapping in _mappings(stage, stream=False):
        queue = stage.target(mapping.stack, mapping.properties["EventSourceArn"])
        function = stage.target(mapping.stack, mapping.properties["FunctionName"])
        assert queue.properties["VisibilityTimeout"] >= 6 * function.properties["Timeout"]


def test_a_bad_record_does_not_block_its_stream(stage: Assembly) -> None:
    mappings = _mappings(stage, stream=True)
    assert len(mappings) == len(PLATFORM.publishing)
    for mapping in mappings:
        properties = mapping.properties
        assert properties["BisectBatchOnFunctionError"] is True
        assert properties["MaximumRetryAttempts"] > 0
        # Given up, and parked, before the stream itself forgets it after 24 hours.
        assert 60 <= properties["MaximumRecordAgeInSeconds"] <= 20 * 3600
        assert properties["DestinationConfig"]["OnFailure"]["Destination"]


def test_a_stream_calls_its_function_for_rows_that_carry_an_event_only(stage: Assembly) -> None:
    carries = {"dynamodb": {"NewImage": {"outbox": {"S": [{"exists": True}]}}}}
    for mapping in _mappings(stage, stream=True):
        (pattern,) = mapping.properties["FilterCriteria"]["Filters"]
        assert json.loads(pattern["Pattern"]) == carries


def test_stream_functions_tell_when_they_lag(stage: Assembly) -> None:
    found = [name for name, each in alarms(stage).items() if each.metric_names == {"IteratorAge"}]
    assert found == [f"{re.sub('[._]', '-', PLATFORM.relay.id)}-lag"]


def test_a_failed_run_of_a_schedule_is_parked(stage: Assembly) -> None:
    scheduled = [
        rule
        for rule in stage.all("AWS::Events::Rule")
        if rule.properties.get("ScheduleExpression") == "rate(1 minute)"
    ]
    parked = {
        (config.stack, config.properties["FunctionName"]["Ref"])
        for config in stage.all("AWS::Lambda::EventInvokeConfig")
        if config.properties["DestinationConfig"]["OnFailure"]
    }
    assert len(scheduled) == len(PLATFORM.of_kind("job"))
    for rule in scheduled:
        (target,) = rule.properties["Targets"]
        assert (rule.stack, target["Arn"]["Fn::GetAtt"][0]) in parked


def test_where_one_row_takes_all_few_write_at_a_time(prod: Assembly) -> None:
    declared = {spec.name.replace("_", ""): spec for spec in PLATFORM.of_kind("consumer")}
    limited = {}
    for mapping in _mappings(prod, stream=False):
        name = re.sub(r"^Events|Mapping.*$", "", mapping.id)
        limited[name] = mapping.properties["ScalingConfig"]["MaximumConcurrency"]
    assert set(limited) == set(declared)
    assert limited["ontransactionposted"] == 2
    assert all(
        number == (declared[name].max_concurrency or max(limited.values()))
        for name, number in limited.items()
    )


def _mappings(stage: Assembly, *, stream: bool) -> list[Resource]:
    return [
        mapping
        for mapping in stage.all("AWS::Lambda::EventSourceMapping")
        if ("StartingPosition" in mapping.properties) is stream
    ]


def _lasting_s(alarm: Watch) -> int:
    return int(alarm.given["DatapointsToAlarm"]) * int(alarm.given["Period"])
