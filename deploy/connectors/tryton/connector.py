#!/usr/bin/env python3
"""Brings Tryton's purchases to Tandem, and the suppliers' promises back to Tryton.

Each run does what there is to do and ends; run it every minute by cron or a systemd timer. Needs Python 3.11 and nothing
else: Tryton is asked over its JSON-RPC, Tandem over JSON and HTTP.

  1. Purchases that Tryton calls confirmed or processing are published, each once.
  2. What suppliers answered since the last run is written to the purchase lines: the promised day as the delivery
     date, and the whole answer as a line in the note.

Where it stands is kept in one file. Everything may be cut off at any moment and run again: a publication is repeatable
by its request id, a promise is written only where it differs, and a cursor moves on only after its effects are stored.

Usage: connector.py CONFIG.toml
Exit status: 0 all is done; 1 some purchases were refused (named on the error output), the rest is done; 2 one of the
two did not answer or refused altogether, run it again.
"""

import base64
import datetime
import json
import os
import pathlib
import sys
import time
import tomllib
import urllib.error
import urllib.request
from decimal import Decimal

# Tryton's symbols of units in the codes of UN/ECE Recommendation 20; others go as they are.
UNITS = {"u": "H87", "kg": "KGM", "g": "GRM", "t": "TNE", "m": "MTR", "cm": "CMT", "mm": "MMT", "m²": "MTK", "m³": "MTQ",
         "l": "LTR", "L": "LTR", "h": "HUR", "d": "DAY"}
# How far behind its own clock Tryton is read again: what was written in a transaction shows when that ends.
OVERLAP = datetime.timedelta(minutes=10)
MARK = "Tandem: "


class Refused(Exception):
    """Tandem took the request and said no: the same again will not help."""

    def __init__(self, answer):
        fields = "; ".join(f"{field['field']}: {field['message']}" for field in answer.get("fields", []))
        super().__init__(f"{answer.get('reason')}: {answer.get('message')}" + (f" ({fields})" if fields else ""))
        self.reason = answer.get("reason")
        self.metadata = answer.get("metadata", {})


def http(url, headers, body, timeout=30):
    """POSTs JSON; the answer, with numbers as they were written."""
    data = json.dumps(body, ensure_ascii=False, default=str).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json", **headers})
    # Neither system is behind a proxy of the environment.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=timeout) as response:
        return json.loads(response.read(), parse_float=Decimal)


class Tandem:
    """One key at one API."""

    def __init__(self, config):
        self.url = config["url"].rstrip("/")
        self.headers = {"authorization": f"Bearer {pathlib.Path(config['key_file']).read_text().strip()}"}

    def call(self, method, body):
        """Calls a method such as `orders.v1.OrderService/PublishOrder`; waits and repeats where that helps."""
        for attempt in range(5):
            try:
                return http(f"{self.url}/tandem.{method}", self.headers, body)
            except urllib.error.HTTPError as error:
                answer = json.loads(error.read() or b"{}")
                again = error.code in (429, 503, 504) or answer.get("code") == "ABORTED"
                if not again or attempt == 4:
                    raise Refused(answer) from error
                time.sleep(min(float(error.headers.get("retry-after", 1)), 10))


class Tryton:
    """One user of one database."""

    def __init__(self, config):
        self.url = f"{config['url'].rstrip('/')}/{config['database']}/"
        password = pathlib.Path(config["password_file"]).read_text().strip()
        self.headers = {}
        user, session, *_ = self.rpc("common.db.login", config["user"], {"password": password}, "en")
        token = base64.b64encode(f"{config['user']}:{user}:{session}".encode()).decode()
        self.headers = {"authorization": f"Session {token}"}
        self.context = self.call("res.user", "get_preferences", True)

    def rpc(self, method, *params):
        answer = http(self.url, self.headers, {"id": 0, "method": method, "params": params})
        # A refusal of Tryton's comes as `{"error": …}`; a result may come bare.
        if isinstance(answer, dict) and "error" in answer:
            raise RuntimeError(f"tryton refuses {method}: {answer['error']}")
        return answer["result"] if isinstance(answer, dict) and "result" in answer else answer

    def call(self, model, method, *params):
        context = getattr(self, "context", {})
        return self.rpc(f"model.{model}.{method}", *params, context)

    def read(self, model, domain, fields, order=None):
        return self.call(model, "search_read", domain, 0, None, order, fields)


def moment(value):
    return {"__class__": "datetime", **{part: getattr(value, part) for part in
                                       ("year", "month", "day", "hour", "minute", "second", "microsecond")}}


def day(value):
    """Tryton's date or Tandem's as `2026-12-28`; nothing for nothing."""
    return f"{value['year']:04}-{value['month']:02}-{value['day']:02}" if value else None


def decimal(value):
    """A plain decimal: Tryton writes amounts as objects and quantities as numbers, 8000 as 8000.0."""
    number = Decimal(value["decimal"]) if isinstance(value, dict) else Decimal(value).normalize()
    return format(number, "f")


def without_nothing(value):
    """Leaves out what is not stated: absent is not empty."""
    if isinstance(value, dict):
        kept = {name: without_nothing(each) for name, each in value.items()}
        return {name: each for name, each in kept.items() if each not in (None, "", [], {})}
    return [without_nothing(each) for each in value] if isinstance(value, list) else value


def lines_of(tryton, purchase):
    fields = ["type", "product.code", "product.rec_name", "product_supplier.code", "description", "quantity", "unit.symbol",
              "unit_price", "delivery_date"]
    for line in tryton.read("purchase.line", [["purchase", "=", purchase["id"]]], fields):
        if line["type"] != "line" or not line["quantity"] or Decimal(str(line["quantity"])) < 0:
            continue  # titles and comments; what goes back is no order
        product, unit = line["product."] or {}, (line["unit."] or {}).get("symbol", "")
        yield {
            # Tryton's own id: its sequence may change, and the answer has to find the line again.
            "lineNumber": str(line["id"]),
            "item": {
                "name": product.get("rec_name") or line["description"],
                "buyerItemId": product.get("code"),
                "sellerItemId": (line["product_supplier."] or {}).get("code"),
                "descriptions": [{"text": line["description"]}] if line["description"] else [],
            },
            "quantity": decimal(line["quantity"]),
            "unitCode": UNITS.get(unit, unit),
            "unitText": unit,
            "price": {"amount": decimal(line["unit_price"])},
            "scheduleLines": [{
                "quantity": decimal(line["quantity"]),
                "requestedDelivery": {"from": day(line["delivery_date"]), "until": day(line["delivery_date"])},
            }],
        }


def order_of(tryton, config, purchase):
    """A purchase as Tandem's PublishOrder takes it."""
    return without_nothing({
        # The same purchase is the same request, however often it is sent.
        "requestId": f"tryton-{config['tryton']['database']}-{purchase['id']}",
        "supplier": {"vendorNumber": purchase["party."]["code"]},
        "content": {
            "sourceSystem": config["tandem"].get("source_system", "tryton"),
            "orderNumber": purchase["number"],
            "issueDate": day(purchase["purchase_date"]),
            "currency": purchase["currency."]["code"],
            # Tryton adds taxes on top of its unit prices.
            "priceIncludesTax": False,
            "customerReference": purchase["reference"],
            "notes": [{"text": purchase["comment"]}] if purchase["comment"] else [],
            "lines": list(lines_of(tryton, purchase)),
        },
    })


def publish(tryton, tandem, config, state):
    """Publishes what was confirmed since the last run, and what was refused then; how many were refused."""
    began = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    since = datetime.datetime.fromisoformat(state.get("tryton_since", "1970-01-01"))
    changed = ["OR", ["write_date", ">=", moment(since)], ["create_date", ">=", moment(since)],
               ["id", "in", [int(each) for each in state["refused"]]]]
    fields = ["number", "reference", "purchase_date", "comment", "party.code", "currency.code"]
    found = tryton.read("purchase.purchase", [["state", "in", ["confirmed", "processing"]], changed], fields)
    for purchase in found:
        key = str(purchase["id"])
        if key in state["orders"]:
            continue
        try:
            receipt = tandem.call("orders.v1.OrderService/PublishOrder", order_of(tryton, config, purchase))
            state["orders"][key] = receipt["orderId"]
        except Refused as refused:
            if refused.reason != "ORDER_EXISTS":
                state["refused"][key] = str(refused)
                print(f"purchase {purchase['number']}: {refused}", file=sys.stderr)
                continue
            state["orders"][key] = refused.metadata["order_id"]
        state["refused"].pop(key, None)
        save(config, state)
        print(f"purchase {purchase['number']} is order {state['orders'][key]}")
    state["tryton_since"] = (began - OVERLAP).isoformat()
    save(config, state)
    return len(state["refused"])


def take_back(tryton, tandem, config, state):
    """Writes what suppliers answered since the last run to the purchase lines."""
    request = {"side": "SIDE_BUYER", "pageSize": 500, "changedSince": state.get("tandem_cursor", "")}
    cursor = None
    while True:
        page = tandem.call("orders.v1.OrderService/ListScheduleLines", request)
        # Of the first page: what changes while later ones are read is read again.
        cursor = cursor or page["cursor"]
        for row in page.get("rows", []):
            if row["sourceSystem"] == config["tandem"].get("source_system", "tryton"):
                write_answer(tryton, row)
        if not page.get("nextPageToken"):
            break
        request["pageToken"] = page["nextPageToken"]
    state["tandem_cursor"] = cursor
    save(config, state)


def answer_text(row):
    """The answer in a line for the planner."""
    amounts = {name: Decimal(each["value"]) for name, each in row["quantities"].items()}
    parts = [f"promised {each['quantity']['value']}" + (f" on {day(each.get('committedDeliveryDate'))}"
             if each.get("committedDeliveryDate") else "") for each in row.get("commitments", [])]
    parts += [f"{amounts[name]} {name}" for name in ("rejected", "proposed", "cancelled") if amounts.get(name)]
    if parts and amounts.get("unanswered"):
        parts.append(f"{amounts['unanswered']} unanswered")
    return MARK + ", ".join(parts) if parts else None


def write_answer(tryton, row):
    text = answer_text(row)
    fields = ["purchase_state", "delivery_date", "delivery_date_edit", "note", "moves"]
    found = tryton.read("purchase.line", [["id", "=", int(row["lineNumber"])]], fields) if text else []
    if not found:
        return
    line, changes = found[0], {}
    others = [each for each in (line["note"] or "").split("\n") if each and not each.startswith(MARK)]
    note = "\n".join([*others, text])
    if note != line["note"]:
        changes["note"] = note
    # The day by which all that was promised is there; the note has the parts.
    days = [each["committedDeliveryDate"] for each in row.get("commitments", []) if each.get("committedDeliveryDate")]
    promised = max(days, key=day) if days else None
    if promised and day(promised) != day(line["delivery_date"]):
        value = {"__class__": "date", **promised}
        moves = tryton.read("stock.move", [["id", "in", line["moves"]], ["state", "=", "draft"]], ["id"])
        if moves:
            # Once Tryton has planned the receipt, the day is the receipt's.
            tryton.call("stock.move", "write", [move["id"] for move in moves], {"planned_date": value})
        else:
            changes |= {"delivery_date_edit": True, "delivery_date_store": value}
    if changes:
        tryton.call("purchase.line", "write", [line["id"]], changes)
        print(f"line {line['id']}: {text}")


def save(config, state):
    """Whole or not at all: the file is replaced only when the new one is on the disk."""
    file = pathlib.Path(config["state_file"])
    draft = file.with_suffix(".new")
    with open(draft, "w", encoding="utf-8") as out:
        json.dump(state, out, indent=1, ensure_ascii=False)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)


def main(path):
    config = tomllib.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    file = pathlib.Path(config["state_file"])
    state = {"orders": {}, "refused": {}} | (json.loads(file.read_text(encoding="utf-8")) if file.exists() else {})
    try:
        tryton, tandem = Tryton(config["tryton"]), Tandem(config["tandem"])
        refused = publish(tryton, tandem, config, state)
        take_back(tryton, tandem, config, state)
    except (OSError, RuntimeError, Refused) as error:
        print(f"stopped: {error}; the next run goes on from here", file=sys.stderr)
        return 2
    return 1 if refused else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    sys.exit(main(sys.argv[1]))
