"""Tries out the viewer of the API, as a person does in a browser: `viewer.py URL EMAIL PASSWORD`.

Logs in by the form of a route, so that the browser keeps the cookie, and by the dialog for bearer tokens. Fails when the
page reports anything: a policy that forbids something it needs, a file that is missing, an error of a script.
"""

import os
import shutil
import sys
import tempfile

from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

PATIENCE = 30  # seconds


def browser(profile):
    options = ChromeOptions()
    options.binary_location = shutil.which("chromium")
    arguments = ["--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    arguments += ["--window-size=1200,2000", f"--user-data-dir={profile}"]
    if os.geteuid() == 0:
        # Chromium has no sandbox for root.
        arguments.append("--no-sandbox")
    for argument in arguments:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return Chrome(options=options, service=ChromeService(shutil.which("chromedriver")))


class Viewer:
    def __init__(self, driver, url):
        self.driver = driver
        driver.get(f"{url}/docs")

    def wait(self, condition):
        return WebDriverWait(self.driver, PATIENCE).until(lambda _: condition())

    def find(self, selector, within=None):
        """What a selector finds first, once it is shown."""
        within = within or self.driver
        return self.wait(lambda: next((e for e in within.find_elements(By.CSS_SELECTOR, selector) if e.is_displayed()), None))

    def click(self, element):
        # As a click does it, wherever the element is scrolled to.
        self.driver.execute_script("arguments[0].click()", element)

    def fill(self, field, text):
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(text)

    def try_out(self, method, path, body=None):
        """Executes a route: the status and what was answered."""
        block = self.find(f'.opblock-{method}:has([data-path="{path}"])')
        if "is-open" not in block.get_attribute("class"):
            self.click(self.find(".opblock-summary-control", block))
        if body is not None:
            self.fill(self.find("textarea.body-param__text", block), body)
        self.click(self.find(".execute", block))
        row = ".live-responses-table tbody .response"
        status = self.find(f"{row} .response-col_status", block).text.split()[0]
        answer = self.find(f"{row} .response-col_description", block).text
        self.click(self.find(".btn-clear", block))
        return int(status), answer

    def authorize(self, scheme, email, password):
        """Logs in by the dialog for tokens."""
        self.click(self.find(".scheme-container .authorize"))
        form = self.wait(lambda: next((f for f in self.driver.find_elements(By.CSS_SELECTOR, ".auth-container")
                                       if f.find_element(By.TAG_NAME, "h4").text.split()[0] == scheme), None))
        self.fill(self.find('input[type="text"]', form), email)
        self.fill(self.find('input[type="password"]', form), password)
        self.click(self.find("button.authorize", form))
        self.wait(lambda: form.find_elements(By.XPATH, ".//button[text()='Logout']"))
        self.click(self.find(".btn-done"))

    def complaints(self):
        errors = [line["message"] for line in self.driver.get_log("browser") if line["level"] == "SEVERE"]
        # A refusal that was asked for is reported as a resource that failed.
        return [error for error in errors if " 401 " not in error]


def main(url, email, password):
    with tempfile.TemporaryDirectory() as profile, browser(profile) as driver:
        viewer = Viewer(driver, url)
        assert viewer.try_out("get", "/users/me")[0] == 401
        status, answer = viewer.try_out("post", "/auth/login", f'{{"username":"{email}","password":"{password}"}}')
        assert status in (200, 204), (status, answer)
        status, answer = viewer.try_out("get", "/users/me")
        assert status == 200 and email in answer, ("by cookie", status, answer)
        assert viewer.try_out("post", "/auth/logout")[0] == 204
        assert viewer.try_out("get", "/users/me")[0] == 401
        viewer.authorize("db.password", email, password)
        status, answer = viewer.try_out("get", "/users/me")
        assert status == 200 and email in answer, ("by bearer token", status, answer)
        complaints = viewer.complaints()
        assert not complaints, complaints
        if "SCREENSHOT" in os.environ:
            driver.save_screenshot(os.environ["SCREENSHOT"])


main(*sys.argv[1:])
